import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, wherever the process was started. */
export const projectRoot: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** A path of a person's config: absolute, from the home folder (~), or from the project's root. */
export function projectPath(path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(projectRoot, path);
}

/** Derived things that may be deleted at any time: .lookbook/, or the folder that LOOKBOOK_DERIVED names. */
export function derivedPath(...parts: string[]): string {
  return join(projectPath(process.env.LOOKBOOK_DERIVED || '.lookbook'), ...parts);
}

/** A path as a person reads it: below the project's folder it counts from there. */
export function shownPath(path: string): string {
  return path.startsWith(`${projectRoot}/`) ? path.slice(projectRoot.length + 1) : path;
}
