import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexReport, TraceLine } from '#lib/index.js';
import { openRoom, type Room } from './pictures.js';

const PICTURES = 20;
const BATCH = 8;

let room: Room;
let path: string;
beforeEach(async () => {
  room = await openRoom();
  path = join(room.folder, 'traces', 'trace.jsonl');
  for (let n = 0; n < PICTURES; n++) await room.draw(`${n}.png`, `hsl(${n * 17}, 70%, 50%)`);
  await room.write('broken.png', 'no picture');
});
afterEach(async () => {
  delete process.env.LOOKBOOK_TRACE;
  await room.clear();
});

async function traced(from = path): Promise<TraceLine[]> {
  const lines = (await readFile(from, 'utf8')).trimEnd().split('\n');
  return lines.map((line): TraceLine => JSON.parse(line));
}

async function index(trace: string | undefined): Promise<IndexReport> {
  const book = await room.open({ batchSize: BATCH });
  try {
    return await book.index({ trace });
  } finally {
    await book.close();
  }
}

describe('a trace', () => {
  /**
   * Mutations: where Trace.picture or Trace.batch does not count to a lap, reading or the model's time is missing from the
   * sums; where aside is left out, a removal; where storeSegments does not count its rows, these.
   */
  it('has a line for each batch, and its lines add up to the report', async () => {
    const report = await index(path);
    const lines = await traced();
    const last = lines.length - 1;
    expect(lines.map(({ round }) => round)).toEqual(['list', 'pictures', 'pictures', 'pictures', 'end']);
    expect(lines.map(({ batch }) => batch)).toEqual([0, 1, 2, 3, 4]);
    expect(lines.map(({ pictures }) => pictures).sort()).toEqual([0, 0, 4, 8, 8].sort());
    const sum = (of: (line: TraceLine) => number): number => lines.reduce((all, line) => all + of(line), 0);
    expect(sum(({ rows }) => rows)).toBe(report.added + report.segments);
    const told = {
      scan: sum(({ ms }) => ms.list),
      decode: sum(({ ms }) => ms.read + ms.decode),
      segment: sum(({ ms }) => ms.segment),
      encode: sum(({ ms }) => ms.encode),
      store: sum(({ ms }) => ms.masks + ms.upsert),
    };
    // Each figure of a line is rounded to a tenth of a millisecond.
    for (const [stage, seconds] of Object.entries(report.stages))
      expect(Math.abs(told[stage as keyof typeof told] - 1000 * seconds), stage).toBeLessThan(2);
    for (const { ms, rssMb, queues, time } of lines.slice(1, last)) {
      for (const step of ['read', 'decode', 'segment', 'encode', 'masks', 'upsert'] as const)
        expect(ms[step], step).toBeGreaterThan(0);
      expect(rssMb).toBeGreaterThan(20);
      expect(Object.values(queues).every((length) => length >= 0 && length <= PICTURES)).toBe(true);
      expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(600_000);
    }
    expect(lines[last]!.ms.decode).toBeGreaterThan(0); // of the one that is no picture
    expect(lines[last]!.queues).toEqual({ reading: 0, ready: 0, underWay: 0 });
  });

  it('tells what belongs to no batch in its last line: a removal', async () => {
    await index(path);
    await rm(join(room.images, '0.png'));
    const { removed, stages } = await index(path);
    expect(removed).toBe(1);
    const { ms } = (await traced()).at(-1)!;
    expect(ms.upsert).toBeGreaterThan(0);
    expect(Math.abs(ms.upsert - 1000 * stages.store)).toBeLessThan(1);
  });

  it('is added to what the file holds, also where only the environment names it', async () => {
    process.env.LOOKBOOK_TRACE = path;
    await index(undefined);
    const first = await traced();
    await index(undefined);
    const both = await traced();
    expect(both.slice(0, first.length)).toEqual(first);
    expect(both.slice(first.length).map(({ round }) => round)).toEqual(['list', 'end']);
  });

  it('that cannot be written stops the run before anything is done', async () => {
    await expect(index(join(room.images, '0.png', 'trace.jsonl'))).rejects.toThrow(
      /\[trace\] the trace cannot be written: got E(NOTDIR|EXIST)/,
    );
    expect((await room.index()).added).toBe(PICTURES);
  });
});
