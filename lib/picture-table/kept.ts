/** The table of a store on the disk, so that the next process reads what has changed since, and not every row. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { derivedPath } from '../paths.js';
import type { Metadata } from '../types.js';
import { keepForLater } from '../whole-file.js';
import { metadataOf, rowReader, type TableRow } from './row.js';

/** A table as it stood at `looked`, milliseconds since 1970. */
export interface KeptTable {
  rows: ReadonlyMap<string, TableRow>;
  looked: number;
}

/** After so long a time a table is read anew: the store would be asked for each minute of it. */
export const TABLE_LASTS_MS: number = 10 * 24 * 60 * 60_000;

/** Raised when the lines are written otherwise: what was kept is then read anew. */
const FORMAT = 1;
const NEWLINE = 0x0a;
/** Lines that are handed to the disk at once. */
const PER_BLOCK = 5000;

/** The first line of the file. */
interface Head {
  format: number;
  identity: string;
  looked: number;
  rows: number;
}

/**
 * One JSON line for the head, one `[id, metadata]` for each row.
 * @param identity see VectorCollection.
 * @returns null where nothing is kept, or something else lies there: everything is then read from the store.
 */
export async function readTable(identity: string): Promise<KeptTable | null> {
  try {
    const lines = linesOf(await readFile(pathOf(identity)));
    const head: Partial<Head> = JSON.parse(lines.next().value ?? '');
    const { looked } = head;
    if (head.format !== FORMAT || head.identity !== identity || typeof looked !== 'number') return null;
    const read = rowReader();
    const rows = new Map<string, TableRow>();
    for (const line of lines) {
      const [id, metadata]: [string, Metadata] = JSON.parse(line);
      rows.set(id, read(metadata));
    }
    return rows.size === head.rows ? { rows, looked } : null;
  } catch {
    return null; // nothing kept, or no table
  }
}

export async function writeTable(identity: string, { rows, looked }: KeptTable): Promise<void> {
  const head: Head = { format: FORMAT, identity, looked, rows: rows.size };
  const path = pathOf(identity);
  await keepForLater(path, blocksOf(head, rows));
  await removeOld(dirname(path));
}

/** What stores that are gone, or long unused, have left. */
async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null); // another process may have removed it
    if (facts && Date.now() - facts.mtimeMs > TABLE_LASTS_MS) await rm(path, { force: true });
  }
}

function pathOf(identity: string): string {
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  return derivedPath('tables', `${name}.jsonl`);
}

/** Never as one string: a million rows come near to the longest there can be. */
function* blocksOf(head: Head, rows: KeptTable['rows']): Generator<Uint8Array, void, undefined> {
  let lines = [JSON.stringify(head)];
  for (const [id, row] of rows) {
    lines.push(JSON.stringify([id, metadataOf(row)]));
    if (lines.length >= PER_BLOCK) {
      yield Buffer.from(`${lines.join('\n')}\n`);
      lines = [];
    }
  }
  if (lines.length) yield Buffer.from(`${lines.join('\n')}\n`);
}

function* linesOf(bytes: Buffer): Generator<string, undefined, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    yield bytes.toString('utf8', start, end);
    start = end + 1;
  }
  return undefined;
}
