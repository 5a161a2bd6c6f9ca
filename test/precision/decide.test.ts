import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { defineConfig, type LookbookConfig } from '#lib/config.js';
import type { OpenWorkshop } from '#lib/workshop.js';
import { closeWorkshop, openWorkshop } from '#lib/workshop.js';
import { colourfulPictures, installDual, installTower, ownMachine } from './towers.js';

const { models, derived } = ownMachine();
const images = join(models, '..', 'images');
const store = `flat:${join(models, '..', 'store')}`;

beforeAll(async () => {
  await installTower(models, 'plain', { layers: 6 });
  await installTower(models, 'flat', { layers: 0 });
  await installDual(models, 'dual');
  mkdirSync(images);
  for (const [index, { data, width, height }] of colourfulPictures(70).entries()) {
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(join(images, `${index}.png`), png);
  }
});

/** Opens a lookbook's models and store, does something with them, and tells what was said. */
async function opened(
  config: LookbookConfig,
  work: (workshop: OpenWorkshop) => Promise<unknown> = async () => undefined,
): Promise<{ lines: string[]; fingerprint: string; dtype: unknown }> {
  const lines: string[] = [];
  const base = { name: 'own', encoder: 'plain', segmenter: null, images, chroma: store };
  const settings = defineConfig({ ...base, ...config }, {});
  const workshop = await openWorkshop(settings, { onDownload: (line) => lines.push(line) });
  try {
    await work(workshop);
    const own = (await workshop.store.list()).find(({ name }) => name === workshop.pictures.name);
    return { lines, fingerprint: workshop.encoder.fingerprint, dtype: own?.facts.dtype };
  } finally {
    await closeWorkshop(workshop);
  }
}

async function putPicture({ encoder, pictures }: OpenWorkshop): Promise<void> {
  const [pixels] = colourfulPictures(1);
  const [look] = await encoder.embed([{ pixels: pixels! }]);
  await pictures.upsert([{ id: 'a', vector: look!.picture, metadata: {} }]);
}

/** A second machine has the store and nothing else. */
function forgetDerived(): void {
  rmSync(derived, { recursive: true, force: true });
}

describe('dtype', () => {
  it('int8 and fp32 have fingerprints of their own, and int8 the same one on every machine', async () => {
    const fp32 = await opened({ chroma: 'memory:' });
    const int8 = await opened({ chroma: 'memory:', dtype: 'int8' });
    expect(int8.fingerprint).not.toBe(fp32.fingerprint);
    expect([fp32.dtype, int8.dtype]).toEqual(['fp32', 'int8']);
    forgetDerived();
    expect((await opened({ chroma: 'memory:', dtype: 'int8' })).fingerprint).toBe(int8.fingerprint);
  });

  it('auto tries 8 bits on 64 of the own pictures, says so in one sentence, and is not asked again', async () => {
    forgetDerived();
    const first = await opened({ chroma: 'memory:', dtype: 'auto' });
    expect(first.lines).toHaveLength(1);
    expect(first.lines[0]).toMatch(
      /^plain reads pictures in (8 bits|fp32): of 64 pictures encoded both ways \d+\.\d % of their 10 nearest are the same \(at least 95 %\), the lowest cosine is 0\.\d+ \(at least 0\.97\), 8 bits are [\d.]+ times as fast \(at least 1\.2\); dtype '(fp32|int8)' overrules it\.$/,
    );
    const again = await opened({ chroma: 'memory:', dtype: 'auto' });
    expect(again.lines).toEqual([]);
    expect(again.fingerprint).toBe(first.fingerprint);
  });

  it('pictures and words are tried each for themselves', async () => {
    const { lines } = await opened({ chroma: 'memory:', encoder: 'dual', dtype: 'auto' });
    expect(lines.map((line) => line.replace(/ of 64.*/, ''))).toEqual([
      expect.stringMatching(/^dual reads pictures in (8 bits|fp32):$/),
      expect.stringMatching(/^dual reads words in (8 bits|fp32):$/),
    ]);
    let recipes: unknown;
    await opened({ chroma: 'memory:', encoder: 'dual', dtype: 'int8' }, async ({ store }) => {
      recipes = JSON.parse(String((await store.list())[0]!.facts.eightBits));
    });
    const plain = { keep: [] };
    expect(recipes).toEqual({ image: plain, text: plain });
  });

  it('what a collection was begun with holds for every machine that opens it with auto', async () => {
    const int8 = await opened({ dtype: 'int8' }, putPicture);
    forgetDerived();
    const other = await opened({ dtype: 'auto' });
    expect(other).toEqual({ lines: [], fingerprint: int8.fingerprint, dtype: 'int8' });
    // The person has the last word, in a collection of its own.
    const overruled = await opened({ dtype: 'fp32' }, putPicture);
    expect(overruled.dtype).toBe('fp32');
    // Of two that are equally full the one without any loss.
    expect((await opened({ dtype: 'auto' })).dtype).toBe('fp32');
  });

  it('a layer is another encoder: what is stored of the whole decides nothing for it', async () => {
    const mine = `flat:${join(models, '..', 'layers')}`;
    const whole = await opened({ chroma: mine, dtype: 'int8' }, putPicture);
    const layer = 'layer 4';
    const atLayer = await opened({ chroma: mine, layer }, async ({ pictures }) => {
      await pictures.upsert([{ id: 'a', vector: new Float32Array(64).fill(1 / 8), metadata: {} }]);
    });
    expect((await opened({ chroma: mine, layer, dtype: 'auto' })).fingerprint).toBe(atLayer.fingerprint);
    expect((await opened({ chroma: mine, dtype: 'auto' })).fingerprint).toBe(whole.fingerprint);
  });

  it.each([
    ['{"../image":{"keep":[1]}}'],
    ['{"audio":{"keep":[]}}'],
    ['{"__proto__":{"keep":[]}}'],
    ['null'],
  ])('a recipe that makes no sense is not followed: %s', async (eightBits) => {
    const mine = `flat:${join(models, '..', `strange-${Buffer.from(eightBits).toString('hex')}`)}`;
    await opened({ chroma: mine, dtype: 'int8' }, async (workshop) => {
      const [own] = await workshop.store.list();
      const facts = { ...own!.facts, eightBits };
      const spec = { ...own!, name: 'own.pictures.strange', facts };
      const strange = await workshop.store.open(spec);
      await strange.upsert([{ id: 'a', vector: new Float32Array(32).fill(32 ** -0.5), metadata: {} }]);
    });
    const { lines } = await opened({ chroma: mine, dtype: 'auto' });
    expect(readdirSync(join(derived, 'int8'))).toContain('verdicts.json');
    // It was tried anew, or known from before.
    expect(lines.length).toBeLessThanOrEqual(1);
  });

  it('a graph without products: auto stays at fp32 and says why, int8 is refused in one sentence', async () => {
    const { lines, dtype } = await opened({ chroma: 'memory:', encoder: 'flat', dtype: 'auto' });
    expect(dtype).toBe('fp32');
    expect(lines[0]).toMatch(
      /^flat reads pictures in fp32: .*it has no matrix products with constant weights/,
    );
    await expect(opened({ chroma: 'memory:', encoder: 'flat', dtype: 'int8' })).rejects.toThrow(
      /a graph has no form of 8 bits: got .*it has no matrix products.*Set DTYPE to fp32/,
    );
  });

  it('an empty or missing folder of pictures is no reason to stop: fp32 stays', async () => {
    const empty = join(models, '..', 'empty');
    mkdirSync(empty);
    const { lines, dtype } = await opened({ chroma: 'memory:', images: empty, dtype: 'auto' });
    expect(dtype).toBe('fp32');
    expect(lines).toEqual(['plain reads pictures in fp32: 0 pictures are too few to try it on, 21 tell.']);
    rmSync(empty, { recursive: true });
    expect((await opened({ chroma: 'memory:', images: empty, dtype: 'auto' })).lines).toEqual(lines);
  });

  it('8 bits on a GPU are refused by the config', () => {
    expect(() => defineConfig({ dtype: 'int8', device: 'cuda' }, {})).toThrow('8 bits are for CPUs');
  });
});
