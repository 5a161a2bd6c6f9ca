import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '#lib/paths.js';

/** Notebooks for one test file, below the checkout so that their cells can import tslab. */
export interface Scratch {
  folder: string;
  /** Writes a notebook; a cell that begins with # is markdown. Gives its path. */
  notebook(...cells: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function createScratch(): Promise<Scratch> {
  const parent = join(projectRoot, '.lookbook');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'test-'));
  let count = 0;
  return {
    folder,
    async notebook(...cells) {
      const path = join(folder, `${++count}.ipynb`);
      const written = cells.map((source, at) => ({
        id: `cell-${at}`,
        metadata: {},
        source,
        ...(source.startsWith('#')
          ? { cell_type: 'markdown' }
          : { cell_type: 'code', execution_count: null, outputs: [] }),
      }));
      await writeFile(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: written }));
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
