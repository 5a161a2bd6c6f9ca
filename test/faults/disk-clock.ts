/** Clocks that are set forward and back between runs, and files whose times cannot be. */
import { readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { type Lookbook, openLookbook } from '#lib/index.js';
import { takeLock } from '#lib/process-lock.js';
import { openRoom } from '../indexing/pictures.js';

const DAY_MS = 86_400_000;
const FILE_TIMES = [new Date(2099, 1, 1), new Date(0), new Date(-DAY_MS), new Date(2020, 1, 1)];
/** Of the clock, against the right time. */
const SHIFTS = [-50 * 365 * DAY_MS, 80 * 365 * DAY_MS, -3_600_000, 3_600_000, 0];

/** @param jumps each is two runs with one more picture, one edited and one moved. */
export async function clockThatJumps({
  jumps,
  seed,
}: {
  jumps: number;
  seed: number;
}): Promise<{ losses: string[]; tries: number; worstSeconds: number }> {
  const room = await openRoom();
  const random = seeded(seed);
  const losses: string[] = [];
  let worstSeconds = 0;
  let book: Lookbook | undefined;
  const file = (name: string): string => join(room.images, name);
  const draw = async (name: string, n: number): Promise<void> => {
    await room.draw(name, `hsl(${(n * 47) % 360}, ${50 + (n % 40)}%, 45%)`);
    const time = FILE_TIMES[n % FILE_TIMES.length]!;
    await utimes(file(name), time, time);
  };
  try {
    for (let n = 0; n < 8; n++) await draw(`first-${n}.png`, n);
    // Of the same size and time, so that only the system's own time tells one from the other.
    const twins = ['<svg fill="#a00"', '<svg fill="#0a0"'].map((head) =>
      Buffer.from(
        `${head} xmlns="http://www.w3.org/2000/svg" width="96" height="96"><circle cx="48" cy="48" r="30"/></svg>`,
      ),
    );
    await writeFile(file('twin.svg'), twins[0]!);
    await utimes(file('twin.svg'), FILE_TIMES[0]!, FILE_TIMES[0]!);
    book = await openLookbook(room.config);
    await book.index();
    for (let jump = 0; jump < jumps; jump++) {
      const shift = SHIFTS[Math.floor(random() * (SHIFTS.length - 1)) + (jump % 2)] ?? 0;
      const say = (sentence: string): unknown =>
        losses.push(`jump ${jump} by ${shift / DAY_MS} days: ${sentence}`);
      // Whoever asks has read the places at the time before.
      await namesOf(book);
      vi.useFakeTimers({ toFake: ['Date'], now: performance.timeOrigin + performance.now() + shift });
      await draw(`new-${jump}.png`, 100 * seed + jump);
      await rename(file(`first-${jump % 8}.png`), file(`moved-${jump}.png`)).catch(() => undefined); // moved before
      await writeFile(file('twin.svg'), twins[(jump + 1) % 2]!);
      await utimes(file('twin.svg'), FILE_TIMES[0]!, FILE_TIMES[0]!);
      const start = performance.now();
      const report = await book.index();
      worstSeconds = Math.max(worstSeconds, (performance.now() - start) / 1000);
      if (report.added !== 1 || report.updated !== 1 || report.failed.length || report.removed)
        say(`the run says ${JSON.stringify({ ...report, sample: undefined })}`);
      const again = await book.index();
      if (again.stages.encode > 0 || again.kept !== 10 + jump)
        say(`the second run encoded, or kept ${again.kept}`);
      const [found, there] = [await namesOf(book), (await readdir(room.images)).sort()];
      if (found.join() !== there.join()) say(`found ${found.join()}, not ${there.join()}`);
      vi.useRealTimers();
    }
    losses.push(...(await lockOfTomorrow(room.folder)));
    return { losses, tries: jumps, worstSeconds };
  } finally {
    vi.useRealTimers();
    await book?.close();
    await room.clear();
  }
}

/** The names of all pictures, asked for by their beginnings: what the table of places says of each must be so now. */
async function namesOf(book: Lookbook): Promise<string[]> {
  const found: string[] = [];
  for (const beginning of ['first', 'moved', 'new', 'twin']) {
    const where = { name: `${beginning}*` };
    const { hits } = await book.search({ text: 'red', k: 500, minRelevance: 0, collapse: false, where });
    const names = hits.flatMap(({ paths }) => paths.map((path) => path.split('/').at(-1)!));
    found.push(...names.map((name) => (name.startsWith(beginning) ? name : `${name} as ${beginning}`)));
  }
  return found.sort();
}

/** A lock that was cut short while the clock was wrong must not hold for ever. */
async function lockOfTomorrow(folder: string): Promise<string[]> {
  const path = join(folder, 'cut.lock');
  await writeFile(path, '');
  await utimes(path, FILE_TIMES[0]!, FILE_TIMES[0]!);
  const lock = await takeLock(path);
  if (typeof lock === 'number') return [`a torn lock of the year 2099 holds`];
  await lock.release();
  await rm(path, { force: true });
  return [];
}
