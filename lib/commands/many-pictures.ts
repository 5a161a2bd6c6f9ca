/** As many different pictures as a measurement needs: the demo pictures, each copy with a few bytes more. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { projectPath } from '../paths.js';

export interface Workplace {
  folder: string;
  pictures: string;
  chroma: string;
  masks: string;
  remove(): Promise<void>;
}

/** A temporary folder for one measurement, with room for pictures, store and masks. */
export async function openWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-bench-'));
  const pictures = join(folder, 'pictures');
  await mkdir(pictures);
  return {
    folder,
    pictures,
    chroma: join(folder, 'chroma'),
    masks: join(folder, 'masks'),
    // A server that ends at this moment may still write.
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 }),
  };
}

/** Writes pictures number `from` to `to − 1`: the same pixels come again, the same bytes never. */
export async function writePictures(folder: string, from: number, to: number): Promise<void> {
  const images = projectPath('images');
  const files = (await readdir(images, { recursive: true }))
    .filter((file) => /\.(jpe?g|png|webp)$/.test(file))
    .sort();
  for (let n = from; n < to; n++) {
    const file = files[n % files.length]!;
    const bytes = await readFile(join(images, file));
    await writeFile(
      join(folder, `${String(n).padStart(6, '0')}${extname(file)}`),
      Buffer.concat([bytes, Buffer.from(`#${n}`)]),
    );
  }
}
