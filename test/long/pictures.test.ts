import { describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { hostile } from '../faults/pictures-hostile.js';
import { type Mutant, mutants } from '../faults/pictures-mutated.js';
import { originals } from '../faults/pictures-originals.js';
import { campaign } from '../faults/pictures-watched.js';
import { record } from '../faults/table.js';
import { openRoom } from '../indexing/pictures.js';

const MUTANTS = 20_000;
const SEED = 20_000;
/** Seven minutes on an idle machine of two cores. */
const BUSY = { timeout: 3_600_000 };

function* first(items: Iterable<Mutant>, count: number): Generator<Mutant> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}

/** Whether its decoder was ended, or ended by itself. */
function atLimit(reason: string | null): boolean {
  return /end of its decoder|more than/.test(reason ?? '');
}

/** As in test/faults/pictures.test.ts, where the mutations that turn it red stand. */
describe('20,000 damaged pictures and all that are made to harm', () => {
  it('are each indexed or named, within 1 GB', BUSY, async () => {
    const all = await originals();
    const files = [
      ...hostile(all, { url: 'http://127.0.0.1:9', file: 'file:///nowhere.png' }),
      ...first(mutants(all, seeded(SEED)), MUTANTS),
    ];
    const { wrong, memory, slowest, slow, decoders, reasons } = await campaign(files);
    const refused = files.map(({ name }) => name).filter((name) => reasons.get(name) !== null);
    const limited = [...reasons].filter(([, reason]) => atLimit(reason));
    console.log(
      [
        `${files.length} files: ${files.length - refused.length} read, ${refused.length} named`,
        `slowest ${slowest.name} ${Math.round(slowest.ms)} ms`,
        `${Math.round(memory / 1e6)} MB, ${decoders} decoders`,
        ...limited.map(([name, reason]) => `${name}: ${reason?.match(/got (.*?)[,.] /)?.[1]}`),
      ].join('\n'),
    );
    await record({
      attack: 'damaged and hostile pictures',
      tries: files.length,
      losses: wrong.length,
      hangs: slow,
      worst_s: slowest.ms / 1000,
      note: `${Math.round(memory / 1e6)} MB at most, ${decoders} decoders`,
    });
    expect(wrong).toEqual([]);
    expect(memory).toBeLessThan(1e9);
    const room = await openRoom();
    try {
      for (const { name, bytes } of files) await room.write(name, bytes);
      const report = await room.index();
      const failed = report.failed.map(({ path, reason }) => ({ name: path.split('/').at(-1)!, reason }));
      // What is ended at a limit may just keep it another time.
      const close = new Set([
        ...limited.map(([name]) => name),
        ...failed.filter(({ reason }) => atLimit(reason)).map(({ name }) => name),
      ]);
      expect(close.size).toBeLessThan(files.length / 100);
      const told = (names: string[]): string[] => names.filter((name) => !close.has(name)).sort();
      expect(told(failed.map(({ name }) => name))).toEqual(told(refused));
      expect(report.added + failed.length).toBe(files.length);
    } finally {
      await room.clear();
    }
  });
});
