import { LookbookError } from '../errors.js';

/** A file of a hub repository, or without a path the repository itself. */
export interface HubPlace {
  /** owner/name */
  repository: string;
  /** A commit, tag or branch. */
  revision: string;
  /** Inside the repository, with forward slashes. */
  path?: string;
}

const repositoryForm = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const revisionForm = /^[\w.+@=~-]+(\/[\w.+@=~-]+)*$/;
const pathMost = 1024;

/**
 * Names come from manifests, config cells and listings of strangers; they become addresses and places on this disk.
 * @throws LookbookError with every fault at once.
 */
export function checkHubPlace({ repository, revision, path }: HubPlace): void {
  const faults: string[] = [];
  const expected: string[] = [];
  if (!repositoryForm.test(repository) || repository.includes('..')) {
    faults.push(`repository ${JSON.stringify(repository)}`);
    expected.push('a repository as owner/name');
  }
  if (!revisionForm.test(revision) || hasDots(revision)) {
    faults.push(`revision ${JSON.stringify(revision)}`);
    expected.push('a commit, tag or branch as revision');
  }
  if (path !== undefined && !isInside(path)) {
    faults.push(`path ${JSON.stringify(path)}`);
    expected.push('a path inside the repository, with forward slashes and without ".."');
  }
  if (faults.length === 0) return;
  throw new LookbookError('hub', {
    what: 'this names no file of a model hub',
    got: faults.join(', '),
    expected: expected.join('; '),
    mend: 'Correct it in the manifest or in the config cell.',
  });
}

/** Whether a path stays inside the folder that it is joined to, on every system. */
function isInside(path: string): boolean {
  const segments = path.split('/');
  return (
    path.length > 0 &&
    path.length <= pathMost &&
    segments.every((segment) => segment !== '') &&
    !hasDots(path) &&
    !/^[A-Za-z]:/.test(path) &&
    !hasForbiddenCharacter(path)
  );
}

function hasDots(path: string): boolean {
  return path.split('/').some((segment) => segment === '.' || segment === '..');
}

/** Backslashes part folders on Windows; control characters write over a terminal's lines. */
function hasForbiddenCharacter(path: string): boolean {
  return [...path].some((character) => character === '\\' || character < ' ' || character === '\u007f');
}

/** "owner/name@revision, path", as errors say it. */
export function placeInWords({ repository, revision, path }: HubPlace): string {
  return `${repository}@${revision}${path === undefined ? '' : `, ${path}`}`;
}
