import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Lookbook, openLookbook } from '#lib/index.js';
import { describeWithShared, shared } from './shared-data.js';

describeWithShared('200 photographs, MobileNet v2 and DeepLab', 'data/iconic200', () => {
  const photographs = `${shared}data/iconic200`;
  const classOf = classes();
  const classCount = new Set(classOf.values()).size;
  let book: Lookbook;
  let folder: string;

  beforeAll(async () => {
    process.env.LOOKBOOK_MODELS = `${shared}data/models`;
    folder = await mkdtemp(join(tmpdir(), 'lookbook-photographs-'));
    // One in five, so that the suite stays short.
    const images = [...classOf.keys()].filter((_, n) => n % 5 === 0).map((name) => join(photographs, name));
    book = await openLookbook({
      name: 'photographs',
      images,
      encoder: 'mobilenet-v2',
      segmenter: 'deeplab-v3',
      chroma: 'memory:',
      masks: join(folder, 'masks'),
    });
    const report = await book.index();
    expect(report).toMatchObject({ added: images.length, failed: [] });
    expect(report.segments).toBeGreaterThan(images.length / 4);
    expect(report.notes).toEqual([]);
  }, 120_000);
  afterAll(async () => {
    await book.close();
    await rm(folder, { recursive: true });
    delete process.env.LOOKBOOK_MODELS;
  });

  it('a picture query of a class shows that class', async () => {
    expect(classCount).toBe(10);
    const queries = [...classOf.keys()].filter((_, n) => n % 20 === 1);
    let right = 0;
    for (const name of queries) {
      const { hits } = await book.search({ image: join(photographs, name) }, { k: 3 });
      right += hits.filter(({ paths }) => classOf.get(basename(paths[0]!)) === classOf.get(name)).length;
    }
    expect(right / (3 * queries.length)).toBeGreaterThan(0.75);
  });

  it('segments carry the label of what they show', async () => {
    const cars = [...classOf]
      .filter(([, label]) => /beetle|ferrari|pickup/i.test(label))
      .map(([name]) => name);
    const { hits } = await book.search({ image: join(photographs, cars[1]!) }, { k: 3 });
    const labels = hits.flatMap(({ evidence }) => evidence.segments.map(({ label }) => label));
    expect(labels).toContain('car');
  });

  it('words that name a label of the segmenter find it, others are answered with one sentence', async () => {
    const named = await book.search('a red car');
    expect(named.hits[0]!.evidence.segments[0]!.label).toBe('car');
    expect(named.hits[0]!.evidence.label?.label).toBe('car');
    const { hits, note } = await book.search('a red umbrella');
    expect(hits).toEqual([]);
    expect(note).toBe(
      'mobilenet-v2 understands pictures only: ask with an example picture, or set ENCODER to a model with words and index with it.',
    );
  });
});

/** File name → class, from labels.json beside the photographs. */
function classes(): Map<string, string> {
  const path = `${shared}data/iconic200/labels.json`;
  if (!existsSync(path)) return new Map();
  const labels: Record<string, string> | { file: string; label: string }[] = JSON.parse(
    readFileSync(path, 'utf8'),
  );
  return new Map(
    Array.isArray(labels) ? labels.map(({ file, label }) => [file, label]) : Object.entries(labels),
  );
}
