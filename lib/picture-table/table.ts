/**
 * What filters and runs ask of pictures, read once from their rows and kept. The store's own filter is slower: over 10,000 pictures
 * and 60,000 segments Chroma 1.0 answers a query in 5 ms, with a filter in 65 to 250 (text is found fastest, then true
 * and false, then numbers), and knows no globs, parts of text or folders. All rows are read in 0.85 s once, their number
 * and what is new before each search; a filtered search as a whole takes a quarter of the time, side by side (`npm run bench -- filters`).
 */
import { isDeepStrictEqual } from 'node:util';
import { placedMinute } from '../rows.js';
import type { Metadata, StoredRecord, VectorCollection, Where } from '../types.js';
import { readTable, TABLE_LASTS_MS, writeTable } from './kept.js';
import { rowReader, type TableRow } from './row.js';

/** imageId → its facts. */
export type PictureTable = ReadonlyMap<string, TableRow>;

interface Held {
  rows: PictureTable;
  /** When it was last brought up to date; undefined before the first time. */
  looked: Moment | undefined;
  /** Rows that were read since it was last written to the disk, and when that was, in milliseconds since 1970. */
  unwritten: number;
  written: number;
  turn: Promise<unknown>;
}

const MINUTE_MS = 60_000;
/** How long a write may take, and how far apart the clocks of machines that index the same pictures may be. */
const SLACK_MS = 30_000;
const A_DAY_MS = 24 * 60 * MINUTE_MS;
/** From so many rows on a table is worth a file: fewer are read in a third of a second. */
const WORTH_A_FILE = 2000;
/** Rows of a file that are compared with the store's before the others are believed. */
const PROBES = 32;

/** The same moment on the clock that people set, in milliseconds since 1970, and on one that runs while this process does. */
interface Moment {
  wall: number;
  /** Missing where another process looked. */
  ran?: number;
}

const held = new WeakMap<VectorCollection, Held>();

/**
 * The facts of all pictures as they stand in the store now. What is true of a picture's content never changes, so that
 * later calls read the rows that are new, that have moved, or whose segments were not done; so does another process, from
 * the file that this one leaves.
 * @param fingerprint of the segments' vectors that are asked for; null where segments do not matter.
 */
export function pictureTable(pictures: VectorCollection, fingerprint: string | null): Promise<PictureTable> {
  const table = held.get(pictures) ?? emptyTable();
  held.set(pictures, table);
  // One after the other: two that read the same rows would only wait for the same store.
  const mine = table.turn.then(async () => {
    await update(table, pictures, fingerprint);
    await write(table, pictures);
    return table.rows;
  });
  table.turn = mine.catch(() => undefined);
  return mine;
}

/** For who has written so many rows: they are read once more now, and by no later process. */
export async function leaveTable(
  pictures: VectorCollection,
  fingerprint: string | null,
  changed: number,
): Promise<void> {
  if (pictures.identity !== undefined && changed >= WORTH_A_FILE) await pictureTable(pictures, fingerprint);
}

function emptyTable(): Held {
  return { rows: new Map(), looked: undefined, unwritten: 0, written: 0, turn: Promise.resolve() };
}

/** Only what took a while to read: a few rows are read again sooner than a large table is written. */
async function write(table: Held, { identity }: VectorCollection): Promise<void> {
  const { rows, looked, unwritten, written } = table;
  if (identity === undefined || !looked || rows.size < WORTH_A_FILE) return;
  if (unwritten < WORTH_A_FILE && looked.wall - written < A_DAY_MS) return;
  await writeTable(identity, { rows, looked: looked.wall });
  table.unwritten = 0;
  table.written = looked.wall;
}

async function update(table: Held, pictures: VectorCollection, fingerprint: string | null): Promise<void> {
  const start: Required<Moment> = { wall: Date.now(), ran: performance.now() };
  if (!table.looked) await recall(table, pictures);
  const looked = table.looked ?? start;
  const isLongAgo = start.wall - looked.wall > TABLE_LASTS_MS;
  let known: PictureTable = isLongAgo || clockWasSet(looked, start) ? new Map() : table.rows;
  const [stored, moved] = await Promise.all([
    pictures.count(),
    known.size ? idsOf(pictures.pages({ metadata: false, where: placedSince(looked.wall, start.wall) })) : [],
  ]);
  const wanted = new Set([...moved, ...unfinishedIn(known, fingerprint)]);
  const reading: Reading = { pictures, read: 0, rowOf: rowReader() };
  if (looked.ran === undefined && !(await isOfThisStore(known, wanted, reading))) known = new Map();
  let rows = await withRows(known, { wanted, stored, reading });
  // Whatever was written bears its minute, so that another number says that some went.
  if (rows.size !== stored) rows = await compared(rows, reading);
  table.rows = rows;
  table.looked = start;
  table.unwritten += reading.read;
}

/** What an earlier process left. */
async function recall(table: Held, { identity }: VectorCollection): Promise<void> {
  const kept = identity === undefined ? null : await readTable(identity);
  if (!kept) return;
  table.rows = kept.rows;
  table.looked = { wall: kept.looked };
  table.written = kept.looked;
}

/** Whether some rows that nothing has changed since are as the file says: an older copy of the store may have been put back. */
async function isOfThisStore(
  known: PictureTable,
  changed: ReadonlySet<string>,
  { pictures, rowOf }: Reading,
): Promise<boolean> {
  const ids = [...known.keys()];
  const some = Array.from({ length: PROBES }, () => ids[Math.floor(Math.random() * ids.length)]!);
  const rows = ids.length ? await pictures.get(some.filter((id) => !changed.has(id))) : [];
  return rows.every(({ id, metadata }) => isDeepStrictEqual(rowOf(metadata), known.get(id)));
}

/** Rows on their way from the store into a table. */
interface Reading {
  pictures: VectorCollection;
  rowOf: (metadata: Metadata) => TableRow;
  read: number;
}

/** Of a page of a few a copy is made, because whoever reads the table of before goes on reading it. */
async function withRows(
  known: PictureTable,
  { wanted, stored, reading }: { wanted: ReadonlySet<string>; stored: number; reading: Reading },
): Promise<PictureTable> {
  if (2 * (wanted.size + Math.max(0, stored - known.size)) > stored) {
    const rows = new Map<string, TableRow>();
    for await (const page of reading.pictures.pages({ size: 1000 })) add(page, rows, reading);
    return rows;
  }
  if (wanted.size === 0) return known;
  const rows = new Map(known);
  add(await reading.pictures.get([...wanted]), rows, reading);
  return rows;
}

/** The ids of all rows are read only here: of 100,000 that takes longer than many a search. */
async function compared(known: PictureTable, reading: Reading): Promise<PictureTable> {
  const { pictures } = reading;
  const stored = new Set(await idsOf(pictures.pages({ metadata: false })));
  const rows = new Map([...known].filter(([id]) => stored.has(id)));
  add(await pictures.get([...stored].filter((id) => !rows.has(id))), rows, reading);
  return rows;
}

function add(page: readonly StoredRecord[], rows: Map<string, TableRow>, reading: Reading): void {
  for (const { id, metadata } of page) rows.set(id, reading.rowOf(metadata));
  reading.read += page.length;
}

const unfinished = new WeakMap<PictureTable, { of: string; ids: readonly string[] }>();

/** Pictures whose segments were not done when the table was read; looked for once in each table. */
function unfinishedIn(rows: PictureTable, fingerprint: string | null): readonly string[] {
  if (fingerprint === null) return [];
  const found = unfinished.get(rows);
  if (found?.of === fingerprint) return found.ids;
  const ids = [...rows].flatMap(([id, { segments }]) => (segments.has(fingerprint) ? [] : [id]));
  unfinished.set(rows, { of: fingerprint, ids });
  return ids;
}

/**
 * Rows that were written meanwhile may bear any time then. After a sleep it looks the same, and costs reading all once. Of
 * the time of another process only this is known: it was before now.
 */
function clockWasSet(before: Moment, now: Required<Moment>): boolean {
  if (before.ran === undefined) return now.wall < before.wall;
  return Math.abs(now.wall - before.wall - (now.ran - before.ran)) > SLACK_MS;
}

/** New rows, rows that were told new places, and rows that went and came back. */
function placedSince(looked: number, now: number): Where {
  const minutes: string[] = [];
  for (let time = looked - SLACK_MS; time <= now + SLACK_MS + MINUTE_MS; time += MINUTE_MS)
    minutes.push(placedMinute(time));
  return { field: 'placed', oneOf: minutes };
}

async function idsOf(pages: AsyncIterable<{ id: string }[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) for (const { id } of page) ids.push(id);
  return ids;
}
