import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyMask } from '#lib/arithmetic/masks.js';
import { defineConfig } from '#lib/config.js';
import { openSegmenter } from '#lib/models/families.js';
import { findModel } from '#lib/models/registry.js';
import { openSegmentation, putTogether } from '#lib/segmentation.js';
import type { FoundSegment, Mask, Pixels, Preprocessing, Segmenter, SegmenterInput } from '#lib/types.js';
import { closeWorkshop, openWorkshop } from '#lib/workshop.js';
import { writeSemantic } from './segmenters/tiny-graphs.js';

/** The columns from … to of a mask of 100 × 50. */
function columns(from: number, to: number, scale = 1): Mask {
  const mask = emptyMask(100 * scale, 50 * scale);
  for (let at = 0; at < mask.data.length; at++) {
    const x = at % mask.width;
    mask.data[at] = Number(x >= from * scale && x < to * scale);
  }
  return mask;
}

interface Fake {
  name: string;
  found: FoundSegment[];
  size?: number;
  takesSeeds?: boolean;
  looks?: false;
  labels?: string[];
  closer?: Preprocessing;
}

/** A segmenter that finds the same in every picture and keeps what it was given. */
function fake({
  name,
  found,
  size = 8,
  ...rest
}: Fake): Segmenter & { given: SegmenterInput[]; closed: number } {
  const preprocessing: Preprocessing = {
    resize: 'squash',
    size,
    interpolation: 'bilinear',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  const given: SegmenterInput[] = [];
  return {
    name,
    fingerprint: name.padEnd(32, '0'),
    preprocessing,
    ...rest,
    given,
    closed: 0,
    async segment(pictures) {
      given.push(...pictures);
      return pictures.map(() => found);
    },
    async close() {
      this.closed++;
    },
  };
}

function form(size: number): Pixels {
  return { data: new Uint8Array(3 * size * size), width: size, height: size };
}

const left = { mask: columns(0, 40), score: 0.9 };
const middle = { mask: columns(30, 70), score: 0.8 };

describe('several segmenters as one', () => {
  it('each segment carries the name of its finder', async () => {
    const both = putTogether([
      fake({ name: 'a', found: [{ ...left, label: 'cat' }] }),
      fake({ name: 'b', found: [middle] }),
    ]);
    const [found] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(found!.map(({ origin, label }) => [origin, label])).toEqual([
      ['a', 'cat'],
      ['b', undefined],
    ]);
    expect(both.name).toBe('a + b');
  });

  it('what two of them found alike is kept once, with the label that one of them knew', async () => {
    // 38 of 40 columns: an intersection over union of 0.95.
    const same = { mask: columns(0, 38, 4), score: 0.99, label: 'cat' };
    const both = putTogether([
      fake({ name: 'a', found: [left] }),
      fake({ name: 'b', found: [same, middle] }),
    ]);
    const [found] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(found!.map(({ origin, label, score }) => [origin, label, score])).toEqual([
      ['a', 'cat', 0.9],
      ['b', undefined, 0.8],
    ]);
    expect(found![0]!.mask).toBe(left.mask);
  });

  it('a label that the first one gave is not taken away', async () => {
    const both = putTogether([
      fake({ name: 'a', found: [{ ...left, label: 'cat' }] }),
      fake({ name: 'b', found: [{ ...left, label: 'lynx' }] }),
    ]);
    const [found] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(found!.map(({ label }) => label)).toEqual(['cat']);
  });

  it('masks that differ by more are both kept', async () => {
    // 35 of 40 columns: 0.875.
    const other = { mask: columns(0, 35), score: 0.5 };
    const both = putTogether([fake({ name: 'a', found: [left] }), fake({ name: 'b', found: [other] })]);
    const [found] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(found).toHaveLength(2);
  });

  it('who takes seeds runs last, wherever it was named, and gets what the others found there', async () => {
    const taker = fake({ name: 'taker', found: [], takesSeeds: true, size: 16 });
    const one = fake({ name: 'one', found: [left], size: 4 });
    const two = fake({ name: 'two', found: [middle], size: 8 });
    const all = putTogether([taker, one, two]);
    await all.segment([
      { forms: [form(16), form(4), form(8)], width: 400, height: 200 },
      { forms: [form(16), form(4), form(8)], width: 40, height: 20 },
    ]);
    expect(taker.given.map(({ seeds }) => seeds?.map(({ origin }) => origin))).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect(one.given[0]!.seeds).toBeUndefined();
  });

  it('who says nothing of the picture gives no seeds', async () => {
    const taker = fake({ name: 'taker', found: [], takesSeeds: true });
    const blind = fake({ name: 'blind', found: [left, middle], looks: false });
    const all = putTogether([blind, fake({ name: 'one', found: [middle] }), taker]);
    await all.segment([{ forms: [form(8), form(8), form(8)], width: 400, height: 200 }]);
    expect(taker.given[0]!.seeds!.map(({ origin }) => origin)).toEqual(['one']);
    const first = putTogether([fake({ name: 'one', found: [middle] }), blind, taker]);
    await first.segment([{ forms: [form(8), form(8), form(8)], width: 400, height: 200 }]);
    expect(taker.given[1]!.seeds!.map(({ origin }) => origin)).toEqual(['one']);
    const windows = await openSegmenter('windows', {});
    await windows.close();
    expect(windows.looks).toBe(false);
  });

  it('what says nothing of the picture gives way to what was found there', async () => {
    const found = { mask: columns(0, 38, 4), score: 0.99, label: 'cat' };
    const both = putTogether([
      fake({ name: 'blind', found: [left, middle], looks: false }),
      fake({ name: 'a', found: [found] }),
    ]);
    const [kept] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(kept!.map(({ origin, label, score }) => [origin, label, score])).toEqual([
      ['a', 'cat', 0.99],
      ['blind', undefined, 0.8],
    ]);
    expect(kept![0]!.mask).toBe(found.mask);
  });

  it('a seed that was drawn anew stands in for its rough form, however far they lie apart', async () => {
    const rough = { mask: columns(0, 40), score: 0.9, label: 'cat' };
    // 24 of 40 columns: 0.6.
    const exact = { mask: columns(0, 24), score: 0.95, label: 'lynx', seed: 1 };
    const both = putTogether([
      fake({ name: 'blind', found: [middle], looks: false }),
      fake({ name: 'a', found: [rough] }),
      fake({ name: 'b', found: [{ mask: columns(80, 90), score: 0.3 }] }),
      fake({ name: 'sam', found: [{ ...exact, seed: 0 }], takesSeeds: true }),
    ]);
    const [found] = await both.segment([{ forms: [1, 2, 3, 4].map(form), width: 400, height: 200 }]);
    expect(found!.map(({ origin, label, score, seed }) => [origin, label, score, seed])).toEqual([
      ['blind', undefined, 0.8, undefined],
      ['sam', 'cat', 0.95, undefined],
      ['b', undefined, 0.3, undefined],
    ]);
    expect(found![1]!.mask).toBe(exact.mask);
  });

  it('two seeds that turn out to be one thing are kept once, with the label that one of them had', async () => {
    const exact = { mask: columns(0, 36), score: 0.95 };
    const both = putTogether([
      fake({ name: 'a', found: [left, { mask: columns(0, 30), score: 0.8, label: 'cat' }, middle] }),
      fake({
        name: 'sam',
        found: [
          { ...exact, seed: 0 },
          { ...exact, seed: 1 },
        ],
        takesSeeds: true,
      }),
    ]);
    const [found] = await both.segment([{ forms: [form(8), form(8)], width: 400, height: 200 }]);
    expect(found!.map(({ origin, label }) => [origin, label])).toEqual([
      ['sam', 'cat'],
      ['a', undefined],
    ]);
  });

  it('each gets its own form of the picture, and its size', async () => {
    const [small, large] = [
      fake({ name: 's', found: [], size: 4 }),
      fake({ name: 'l', found: [], size: 16 }),
    ];
    const both = putTogether([small, large]);
    expect(both.preprocessings.map(({ size }) => size)).toEqual([4, 16]);
    await both.segment([{ forms: [form(4), form(16)], width: 400, height: 200 }]);
    expect(small.given[0]).toMatchObject({ pixels: { width: 4 }, width: 400, height: 200 });
    expect(large.given[0]).toMatchObject({ pixels: { width: 16 } });
  });

  it('who looks closer gets that form too, which stands behind the others’ in the order of the segmenters', async () => {
    const closer = (size: number): Preprocessing => ({
      ...fake({ name: 'x', found: [] }).preprocessing,
      size,
    });
    const [plain, first, second] = [
      fake({ name: 'p', found: [], size: 4 }),
      fake({ name: 'a', found: [], size: 8, closer: closer(80) }),
      fake({ name: 'b', found: [], size: 16, closer: closer(160) }),
    ];
    const all = putTogether([first, plain, second]);
    const sizes = all.preprocessings.map(({ size }) => size);
    expect(sizes).toEqual([8, 4, 16, 80, 160]);
    await all.segment([{ forms: sizes.map(form), width: 400, height: 200 }]);
    expect(first.given[0]).toMatchObject({ pixels: { width: 8 }, closer: { width: 80 } });
    expect(second.given[0]).toMatchObject({ pixels: { width: 16 }, closer: { width: 160 } });
    expect(plain.given[0]!.closer).toBeUndefined();
  });

  it('one alone keeps its fingerprint and its segments without an origin; several have one of their own, by order', async () => {
    const [a, b] = [fake({ name: 'a', found: [left] }), fake({ name: 'b', found: [] })];
    const alone = putTogether([a]);
    expect(alone.fingerprint).toBe(a.fingerprint);
    const [found] = await alone.segment([{ forms: [form(8)], width: 400, height: 200 }]);
    expect(found).toEqual([left]);
    const prints = [putTogether([a, b]), putTogether([b, a]), a, b].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(4);
    for (const print of prints.slice(0, 2)) expect(print).toMatch(/^[0-9a-f]{32}$/);
  });

  it('the labels are those of all, once', () => {
    const both = putTogether([
      fake({ name: 'a', found: [], labels: ['cat', 'dog'] }),
      fake({ name: 'b', found: [], labels: ['dog', 'cow'] }),
      fake({ name: 'c', found: [] }),
    ]);
    expect(both.labels).toEqual(['cat', 'dog', 'cow']);
  });

  it('closing closes all', async () => {
    const both = [fake({ name: 'a', found: [] }), fake({ name: 'b', found: [] })];
    await putTogether(both).close();
    expect(both.map(({ closed }) => closed)).toEqual([1, 1]);
  });
});

describe('opening several', () => {
  it('each opens in the form of its weights that is asked for where it has that, else as fp32', async () => {
    const before = process.env.LOOKBOOK_MODELS;
    const folder = mkdtempSync(join(tmpdir(), 'lookbook-dtype-'));
    try {
      process.env.LOOKBOOK_MODELS = folder;
      mkdirSync(join(folder, 'colours'));
      const { manifest, image } = await writeSemantic(join(folder, 'colours'));
      const { name: _, ...rest } = manifest;
      const own = { path: basename(image), bytes: null, sha256: null };
      const json = {
        ...rest,
        files: { image: { ...own, path: 'nowhere.onnx' } },
        variants: { q8: { image: own } },
      };
      writeFileSync(join(folder, 'colours.json'), JSON.stringify(json));
      const both = await openSegmentation(['pictoclip-segments', 'colours'], { dtype: 'q8' });
      await both.close();
      expect(both.labels).toContain('red');
      await expect(openSegmentation(['colours'], { dtype: 'fp16' })).rejects.toThrow('no nowhere.onnx');
      // A whole lookbook opens that way too.
      const { name: __, ...encoder } = (await findModel('pictoclip')).manifest;
      const small = { ...encoder, folder: 'pictoclip', variants: { q8: { image: encoder.files.image! } } };
      writeFileSync(join(folder, 'small.json'), JSON.stringify(small));
      const settings = { encoder: 'small', segmenter: 'colours', dtype: 'q8', chroma: 'memory:' } as const;
      const workshop = await openWorkshop(defineConfig({ ...settings, name: 'dtype' }));
      await closeWorkshop(workshop);
      expect(workshop.segmenter!.labels).toContain('red');
    } finally {
      if (before === undefined) delete process.env.LOOKBOOK_MODELS;
      else process.env.LOOKBOOK_MODELS = before;
      rmSync(folder, { recursive: true });
    }
  });

  it('real ones are opened by name', async () => {
    const both = await openSegmentation(['pictoclip-segments', 'windows'], {});
    expect(both.name).toBe('pictoclip-segments + windows');
    const grey = { data: new Uint8Array(96 * 96 * 3).fill(128), width: 96, height: 96 };
    const [found] = await both.segment([{ forms: [grey, form(1)], width: 600, height: 400 }]);
    await both.close();
    expect(new Set(found!.map(({ origin }) => origin))).toEqual(new Set(['windows']));
  });

  it('one that is none is named, and nothing stays open', async () => {
    await expect(openSegmentation(['windows', 'pictoclip'], {})).rejects.toThrow(
      'pictoclip is none of the segmenters',
    );
  });
});
