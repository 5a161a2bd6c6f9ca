import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { type IndexReport, type Lookbook, type LookbookConfig, openLookbook } from '#lib/index.js';

/** A folder of small drawings, an exact store and masks, all temporary. */
export interface Room {
  folder: string;
  images: string;
  config: LookbookConfig;
  draw(path: string, colour: string): Promise<void>;
  write(path: string, bytes: Uint8Array | string): Promise<void>;
  open(more?: LookbookConfig): Promise<Lookbook>;
  /** Opens, indexes and closes. */
  index(more?: LookbookConfig): Promise<IndexReport>;
  clear(): Promise<void>;
}

let rooms = 0;

export async function openRoom(chroma: 'flat' | 'chroma' = 'flat'): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-room-'));
  const images = join(folder, 'images');
  await mkdir(images);
  const store = join(folder, 'store');
  const config: LookbookConfig = {
    name: `room${rooms++}-${process.pid}`,
    images,
    chroma: chroma === 'flat' ? `flat:${store}` : store,
    masks: join(folder, 'masks'),
    encoder: 'pictoclip',
    segmenter: 'pictoclip-segments',
  };
  const write = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(images, path)), { recursive: true });
    await writeFile(join(images, path), bytes);
  };
  const open = (more: LookbookConfig = {}): Promise<Lookbook> => openLookbook({ ...config, ...more });
  return {
    folder,
    images,
    config,
    write,
    open,
    async draw(path, colour) {
      await write(path, await drawing(colour));
    },
    async index(more) {
      const book = await open(more);
      try {
        return await book.index();
      } finally {
        await book.close();
      }
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A disc of a colour on white, 96 × 96: something that the embedded model sees as one object. */
export async function drawing(colour: string): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/><circle cx="48" cy="48" r="30" fill="${colour}"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** Everything that a run leaves in the store, in a form that can be compared. */
export async function stateOf(room: Room): Promise<{ collections: unknown; hits: unknown }> {
  const book = await room.open();
  try {
    const { hits } = await book.search({ text: 'red', k: 50, minRelevance: 0, collapse: false });
    return {
      collections: (await book.collections()).map(({ name, count }) => ({ name, count })),
      hits: hits.map(({ imageId, paths, score }) => ({
        imageId,
        paths: [...paths].sort(),
        score: Math.round(score * 1e5),
      })),
    };
  } finally {
    await book.close();
  }
}
