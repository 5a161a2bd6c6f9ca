/** Folders that may not be written, for somebody to whom permissions mean something. */
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openRoom } from '../indexing/pictures.js';

const script = fileURLToPath(new URL('./disk-read-only.mjs', import.meta.url));
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** What one child tells: of each step its error, or null. */
interface Told {
  index: string | null;
  search: string | null;
  cards: string | null;
  ours: boolean;
  added: number;
  shown: number;
}

/** @returns what is wrong, in words. */
export async function readOnlyFolders(): Promise<string[]> {
  const room = await openRoom();
  const wrong: string[] = [];
  try {
    await chmod(room.folder, 0o755);
    for (const colour of ['red', 'gold', 'teal']) await room.draw(`${colour}.png`, colour);
    const folders = ['store', 'masks', 'derived'];
    const told = async (readOnly: string): Promise<Told> => {
      const place = join(room.folder, `without-${readOnly}`);
      await mkdir(place);
      for (const name of folders) await mkdir(join(place, name));
      const images = join(place, 'images');
      await cp(room.images, images, { recursive: true });
      for (const name of ['', ...(await readdir(place))])
        await chmod(join(place, name), name === readOnly ? 0o555 : 0o777);
      return run(place, images);
    };
    const run = async (place: string, images: string): Promise<Told> => {
      const config = { ...room.config, images, chroma: `flat:${place}/store`, masks: join(place, 'masks') };
      const env = { ...process.env, HOME: place, LOOKBOOK_DERIVED: join(place, 'derived') };
      const child = spawn(process.execPath, [script, JSON.stringify(config)], {
        ...NOBODY,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return JSON.parse(await text(child.stdout));
    };
    const [images, store, masks, derived] = [
      await told('images'),
      await told('store'),
      await told('masks'),
      await told('derived'),
    ];
    if (images.index !== null || images.added !== 3) wrong.push(`pictures: ${images.index}`);
    for (const [name, { index, ours }] of Object.entries({ store, masks, derived }))
      if (!ours || !index?.includes(`without-${name}/${name}`) || !/permission/.test(index))
        wrong.push(`${name}: ${index}`);
    // What only saves time is not needed to answer and to show what stands.
    const stands = join(room.folder, 'without-images');
    await rm(join(stands, 'derived'), { recursive: true });
    await mkdir(join(stands, 'derived'));
    await chmod(join(stands, 'derived'), 0o555);
    const { search, cards, shown } = await run(stands, join(stands, 'images'));
    if (search !== null || cards !== null || shown !== 3)
      wrong.push(`asking without derived: ${search ?? cards ?? shown}`);
    return wrong;
  } finally {
    await room.clear();
  }
}
