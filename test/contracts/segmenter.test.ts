import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { families, openSegmenter } from '#lib/models/families.js';
import { open as openEverything } from '#lib/segmenters/everything.js';
import { open as openInstance } from '#lib/segmenters/instance.js';
import { open as openSemantic } from '#lib/segmenters/semantic.js';
import { writeColourSam } from '../segmenters/colour-sam.js';
import { writeInstance, writeSemantic } from '../segmenters/tiny-graphs.js';
import { type SegmenterCase, segmenterContract } from './segmenter.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-segmenters-'));
afterAll(() => rmSync(folder, { recursive: true }));

const grey = { width: 160, height: 120 };
const [semantic, detr, maskformer] = await Promise.all([
  writeSemantic(folder),
  writeInstance(folder, 'detr'),
  writeInstance(folder, 'maskformer'),
]);

const sam = await writeColourSam(folder, 'many', { side: 256, seesGrey: false });

/** By family: small models that find a red disc. */
const cases: Record<string, Record<string, SegmenterCase>> = {
  semantic: {
    'semantic (colours)': {
      open: () => openSemantic(semantic.manifest, { image: semantic.image }, {}),
      looks: true,
      empty: grey,
    },
  },
  instance: Object.fromEntries(
    [detr, maskformer].map(({ manifest, image }) => [
      `instance (${manifest.name})`,
      { open: () => openInstance(manifest, { image }, {}), looks: true, empty: grey },
    ]),
  ),
  everything: {
    'everything (colours)': {
      open: () => openEverything(sam.manifest, sam.files, {}),
      looks: true,
      empty: grey,
    },
  },
  layout: {
    'layout (pictoclip-segments)': {
      open: () => openSegmenter('pictoclip-segments', {}),
      looks: true,
      empty: grey,
    },
  },
  windows: {
    windows: { open: () => openSegmenter('windows', {}), looks: false, empty: { width: 400, height: 140 } },
  },
};

it('every family of lib/segmenters is held to the contract', async () => {
  expect(Object.keys(cases).sort()).toEqual((await families('segmenters')).sort());
});

for (const models of Object.values(cases))
  for (const [name, model] of Object.entries(models)) segmenterContract(name, model);
