import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Settings } from '../config.js';
import { derivedPath } from '../paths.js';
import { isUrl } from '../picture-bytes.js';
import type { Place } from '../types.js';
import { writeWhole } from '../whole-file.js';

/** A derived file of one lookbook on one store. */
export function ownPath({ chroma, name }: Settings, folder: string, ending: string): string {
  const store = createHash('sha256').update(chroma).digest('hex').slice(0, 8);
  return derivedPath(folder, `${name}-${store}${ending}`);
}

/**
 * The lock of who indexes. It lies beside a store of this machine, so that runs from two projects meet there too; runs
 * on a server elsewhere meet on one machine only.
 */
export function indexLockPath(settings: Settings): string {
  const { chroma, name } = settings;
  if (chroma.startsWith('flat:')) return join(chroma.slice('flat:'.length), `index-${name}.lock`);
  return isAbsolute(chroma) ? join(chroma, `index-${name}.lock`) : ownPath(settings, 'locks', '.json');
}

/** A place as a person can open it; files of a table count from the table's folder. */
export function locate({ root, path }: Place): string {
  if (isUrl(path)) return path;
  return root.toLowerCase().endsWith('.csv') ? resolve(dirname(root), path) : resolve(root, path);
}

/** Where `npm start` leaves the executed notebooks and their pages; undefined where nobody has said so. */
export function runFolder(): string | undefined {
  return process.env.LOOKBOOK_RUN_FACTS || undefined;
}

/** For `npm start`, which tells what the notebooks did; elsewhere nothing is written. */
export async function tellRun(name: string, facts: () => Promise<unknown>): Promise<void> {
  const folder = runFolder();
  if (folder !== undefined) await writeWhole(join(folder, name), JSON.stringify(await facts(), null, 1));
}
