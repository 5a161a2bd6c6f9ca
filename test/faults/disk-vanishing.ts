/** Folders of pictures that go away in the middle of a run: renamed, or their disk unmounted. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { seeded } from '#lib/arithmetic/seeded.js';
import type { IndexReport } from '#lib/index.js';
import { openRoom } from '../indexing/pictures.js';
import { spawnOnSmallDisk, type Way } from './disk-small.js';

const script = fileURLToPath(new URL('./disk-vanishing.mjs', import.meta.url));
const HANG_S = 60;

/** What the child tells of one try: the run in which it vanished, one while it was away, one when it was back. */
interface Told {
  how: string;
  disturbed: IndexReport;
  /** Pictures that stood before it and after. */
  stood: [number, number];
  away: string;
  back: IndexReport;
  seconds: number;
}

/** Half of the tries rename the folder, the others unmount it where that is possible. */
export async function vanishing(options: {
  pictures: number;
  tries: number;
  seed: number;
  way: Way | null;
}): Promise<{ losses: string[]; hangs: number; tries: number; worstSeconds: number }> {
  const { pictures, tries, seed, way } = options;
  const random = seeded(seed);
  const room = await openRoom();
  const losses: string[] = [];
  const told: Told[] = [];
  try {
    await mkdir(join(room.folder, 'pool'));
    for (let n = 0; n < pictures; n++)
      await room.draw(`../pool/${n}.png`, `hsl(${(n * 137) % 360}, ${40 + (n % 40)}%, ${30 + (n % 30)}%)`);
    const moments = Array.from({ length: tries }, () => random());
    const task = { config: room.config, folder: room.folder, moments };
    const ways = way === 'mount' ? ['rename', 'unmount'] : ['rename'];
    for (const how of ways) {
      // What lies below a mount shows when it is gone.
      for (const name of await readdir(room.images)) await rm(join(room.images, name));
      const order = JSON.stringify({ ...task, how });
      const child =
        how === 'unmount'
          ? spawnOnSmallDisk('mount', { disk: room.images, size: '16m', script, task: order })
          : spawn(process.execPath, [script, order], { stdio: ['ignore', 'pipe', 'inherit'] });
      if (!child.stdout) throw new Error('no output');
      const lines = (await text(child.stdout)).split('\n').filter((line) => line.startsWith('{'));
      if (lines.length !== tries) losses.push(`${how}: ${lines.length} of ${tries} tries told`);
      told.push(...lines.map((line) => JSON.parse(line)));
    }
    for (const { how, disturbed, stood, away, back } of told) {
      const say = (sentence: string): unknown => losses.push(`${how}: ${sentence}`);
      if (disturbed.removed || stood[1] < stood[0] + disturbed.added) say('something was removed');
      const sentences = disturbed.notes.filter((note) => /vanished while it was read/.test(note));
      if (sentences.length !== 1 || disturbed.failed.length)
        say(`the report says ${JSON.stringify([disturbed.notes, disturbed.failed.slice(0, 2)])}`);
      if (!/nothing at the place of the pictures|is empty now/.test(away)) say(`while it was away: ${away}`);
      if (back.added !== pictures - stood[1] || back.kept !== stood[1] || back.failed.length || back.removed)
        say(`when it was back: ${JSON.stringify({ ...back, sample: undefined })}`);
    }
    return {
      losses,
      hangs: told.filter(({ seconds }) => seconds > HANG_S).length,
      tries: told.length,
      worstSeconds: Math.max(0, ...told.map(({ seconds }) => seconds)),
    };
  } finally {
    await room.clear();
  }
}
