/** Ways in which a disk spoils a store, on Chroma's own folder. */
import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

export interface Damage {
  name: string;
  /** What is left to read: every row, some of them, those that the index has not taken in yet, or none. */
  leaves: 'all' | 'some' | 'newest' | 'none';
  spoil(data: string): Promise<void>;
}

export const damages: readonly Damage[] = [
  {
    name: 'the index is deleted',
    leaves: 'newest',
    spoil: (data) => eachIndex(data, (folder) => rm(folder, { recursive: true })),
  },
  {
    name: 'the vectors of the index are cut',
    leaves: 'some',
    spoil: (data) => eachIndex(data, (folder) => cut(join(folder, 'data_level0.bin'), 9)),
  },
  {
    name: 'a block in the vectors of the index is zeros',
    leaves: 'some',
    spoil: (data) =>
      eachIndex(data, async (folder) => {
        // Whole elements, and some numbers of the first one's vector.
        await zero(join(folder, 'data_level0.bin'), 8192, 8192);
        await zero(join(folder, 'data_level0.bin'), 200, 100);
      }),
  },
  {
    name: 'the header of the index is zeros',
    leaves: 'all',
    spoil: (data) => eachIndex(data, (folder) => zero(join(folder, 'header.bin'), 0, 100)),
  },
  {
    name: 'the links of the index are cut',
    leaves: 'all',
    spoil: (data) => eachIndex(data, (folder) => truncate(join(folder, 'link_lists.bin'), 8)),
  },
  {
    name: 'the labels of the index are cut',
    leaves: 'newest',
    spoil: (data) => eachIndex(data, (folder) => truncate(join(folder, 'index_metadata.pickle'), 500)),
  },
  {
    name: 'the SQLite file is cut',
    leaves: 'none',
    spoil: async (data) =>
      cut(join(data, 'chroma.sqlite3'), (await stat(join(data, 'chroma.sqlite3'))).size / 8192),
  },
  {
    name: 'the SQLite file is deleted',
    leaves: 'none',
    spoil: (data) => rm(join(data, 'chroma.sqlite3')),
  },
];

async function eachIndex(data: string, spoil: (folder: string) => Promise<void>): Promise<void> {
  const folders = (await readdir(data, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  if (folders.length === 0) throw new Error('there is no index to spoil');
  for (const { name } of folders) await spoil(join(data, name));
}

/** Leaves so many pages of 4,096 bytes. */
function cut(file: string, pages: number): Promise<void> {
  return truncate(file, Math.floor(pages) * 4096);
}

async function zero(file: string, at: number, bytes: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(bytes), 0, bytes, at);
  await handle.close();
}
