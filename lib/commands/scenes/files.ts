/** Scenes and drawings as files of a folder, for a lookbook to index. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { png } from '../../decoders/image.js';
import { cleanIcon, type Icons } from './icons.js';
import type { Scene, SceneTruth } from './scenes.js';

/** Writes each scene as scene-0000.png and so on. @returns the truth by file name, in the order of the scenes. */
export async function writeScenes(folder: string, scenes: Iterable<Scene>): Promise<Map<string, SceneTruth>> {
  await mkdir(folder, { recursive: true });
  const truth = new Map<string, SceneTruth>();
  for (const { pixels, ...known } of scenes) {
    const file = `scene-${String(truth.size).padStart(4, '0')}.png`;
    await writeFile(join(folder, file), await png(pixels));
    truth.set(file, known);
  }
  return truth;
}

/** Writes each concept's drawing, alone over white, as icon-0000.png by its index. @returns concept by file name. */
export async function writeCleanIcons(
  folder: string,
  icons: Icons,
  concepts: readonly number[] = icons.drawn,
): Promise<Map<string, number>> {
  await mkdir(folder, { recursive: true });
  const written = new Map<string, number>();
  for (const concept of concepts) {
    const file = `icon-${String(concept).padStart(4, '0')}.png`;
    await writeFile(join(folder, file), await png(cleanIcon(icons, concept)));
    written.set(file, concept);
  }
  return written;
}
