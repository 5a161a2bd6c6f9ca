/** A lookbook of scenes, for one measurement. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Lookbook, openLookbook } from '../../lookbook.js';
import type { Hit } from '../../types.js';
import { writeScenes } from './files.js';
import { openIcons } from './icons.js';
import { drawScenes, isNamed, type SceneOptions, type SceneTruth } from './scenes.js';

export interface SceneBook {
  book: Lookbook;
  truth: ReadonlyMap<string, SceneTruth>;
  /** Whether the scene of a hit holds an object of this name. */
  holds(hit: Pick<Hit, 'paths'>, words: string): boolean;
}

/** Draws scenes, indexes them with the embedded model in memory, and takes everything away afterwards. */
export async function withScenes<Result>(
  options: Omit<SceneOptions, 'cast'> & { cast?: (concepts: readonly number[]) => SceneOptions['cast'] },
  say: (line: string) => void,
  use: (scenes: SceneBook) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  try {
    const icons = await openIcons(say);
    const { count, seed } = options;
    const cast = options.cast?.(icons.drawn);
    const images = join(folder, 'images');
    const truth = await writeScenes(images, drawScenes(icons, { count, seed, ...(cast ? { cast } : {}) }));
    const book = await openLookbook({
      name: 'evaluate',
      images,
      encoder: 'pictoclip',
      masks: join(folder, 'masks'),
      chroma: 'memory:',
    });
    try {
      const { added, segments } = await book.index();
      say(`${added} scenes, ${segments} segments`);
      const holds: SceneBook['holds'] = ({ paths }, words) =>
        truth.get(basename(paths[0] ?? ''))?.objects.some((object) => isNamed(object, words)) ?? false;
      return await use({ book, truth, holds });
    } finally {
      await book.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
