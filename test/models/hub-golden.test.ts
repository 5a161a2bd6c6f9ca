import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open as openDual } from '#lib/encoders/dual-encoder.js';
import { open as openImages } from '#lib/encoders/image-encoder.js';
import { manifestOfRepository } from '#lib/models/from-hub/repository.js';
import type { Manifest } from '#lib/models/manifest.js';
import { findModel } from '#lib/models/registry.js';
import { projectPath } from '#lib/paths.js';
import { describeWithShared, shared } from '../shared-data.js';
import { dualOf, hubOfFolder } from './hub-folder.js';

const NAME = 'hf:somebody/some-model';
const golden = projectPath('test/fixtures/golden');
const tokenizerOf = (form: string): string => `${golden}/tokenizer/${form}/tokenizer.json`;

describe('tiny models as repositories', () => {
  it('the tiny models of every form get the rules by which their references were made, and answer like them', async () => {
    const forms = [
      ['clip-split', { 'tokenizer.json': tokenizerOf('clip-bpe') }],
      ['clip-combined', { 'tokenizer.json': tokenizerOf('clip-bpe') }],
      ['siglip', { 'tokenizer.json': tokenizerOf('siglip-unigram') }],
      ['open-clip', { 'tokenizer.json': tokenizerOf('clip-bpe') }],
      ['fixed-batch', { 'textual/tokenizer.json': tokenizerOf('clip-bpe') }],
    ] as const;
    for (const [form, more] of forms) {
      const folder = `${golden}/models/${form}`;
      const manifest = dualOf(await manifestOfRepository(NAME, hubOfFolder(folder, more)));
      const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
      expect(manifest.preprocessing, form).toEqual(expected.preprocessing);
      const files = placesOf(manifest, folder, more);
      const encoder = await openDual(manifest, files, {});
      const [vectors, wanted] = [await encoder.embedTexts!(expected.texts), rowsOf(expected.text_embeds)];
      await encoder.close();
      for (const [row, vector] of vectors.entries())
        expect(cosine(vector, wanted[row]!), form).toBeGreaterThan(0.9999);
    }
  });

  it('a tiny DINOv2 is an encoder of pictures by its first token', async () => {
    const folder = `${golden}/models/tokens`;
    const manifest = await manifestOfRepository(NAME, hubOfFolder(folder));
    if (manifest.family !== 'image-encoder') throw new Error(manifest.family);
    const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
    expect(manifest.preprocessing).toEqual(expected.preprocessing);
    expect(manifest).toMatchObject({ output: 'last_hidden_state', pooling: 'cls', dimension: 16 });
    const encoder = await openImages(manifest, placesOf(manifest, folder, {}), {});
    await encoder.close();
  });
});

function placesOf(manifest: Manifest, folder: string, more: Record<string, string>): Record<string, string> {
  const place = (path: string): string => more[path] ?? join(folder, path);
  return Object.fromEntries(Object.entries(manifest.files).map(([role, { path }]) => [role, place(path)]));
}

/** Rows of a tensor as the golden values keep it. */
function rowsOf({ shape, f32le_base64 }: { shape: number[]; f32le_base64: string }): Float32Array[] {
  const bytes = Uint8Array.from(Buffer.from(f32le_base64, 'base64'));
  const all = new Float32Array(bytes.buffer);
  const [rows = 0, width = 0] = shape;
  return Array.from({ length: rows }, (_, row) => all.subarray(row * width, (row + 1) * width));
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describeWithShared('repositories of the larger golden models', 'golden/models', () => {
  const at = (form: string): string => `${shared}golden/models/${form}`;
  const tokenizer = `${shared}golden/tokenizer/tokenizer.json`;
  const read = (form: string, more: Record<string, string> = {}): Promise<Manifest> =>
    manifestOfRepository(NAME, hubOfFolder(at(form), more));

  it('each form is recognised', async () => {
    const clip = dualOf(await read('clip-tiny', { 'tokenizer.json': tokenizer }));
    expect(clip).toMatchObject({ dimension: 64, text: { file: 'text', output: 'text_embeds' } });
    const siglip = dualOf(await read('siglip-tiny', { 'tokenizer.json': tokenizer }));
    expect(siglip).toMatchObject({
      dimension: 48,
      output: 'pooler_output',
      text: { tokenizer: { padId: 1 } },
    });
    const open = dualOf(await read('openclip-form', { 'tokenizer.json': tokenizer }));
    expect(open).toMatchObject({ dimension: 40, preprocessing: { size: 256 }, text: { idType: 'int64' } });
    const immich = dualOf(await read('immich-form', { 'textual/tokenizer.json': tokenizer }));
    expect(immich).toMatchObject({ dimension: 32, batch: 1, text: { idType: 'int32', batch: 1 } });
  });

  it('segmenters of ADE20K have its 150 classes and no background', async () => {
    for (const form of ['beit-seg-tiny', 'segformer-tiny']) {
      const manifest = await read(form);
      if (manifest.family !== 'semantic') throw new Error(manifest.family);
      expect(manifest.labels).toHaveLength(150);
      expect(manifest).toMatchObject({ background: null, output: 'logits' });
    }
  });

  it('DETR’s panoptic form is that of the manifest that ships, but for its labels', async () => {
    const { manifest: shipped } = await findModel('detr-resnet-50-panoptic');
    const manifest = await read('detr-panoptic-tiny');
    if (manifest.family !== 'instance' || shipped.family !== 'instance') throw new Error(manifest.family);
    for (const field of ['preprocessing', 'input', 'output', 'constants', 'batch', 'queries'] as const)
      expect(manifest[field]).toEqual(shipped[field]);
    expect(manifest.labels).toHaveLength(250);
    expect(manifest.labels[17]).toBe('cat');
  });

  it('segmenters of other kinds are refused by their kind', async () => {
    await expect(read('sam-tiny')).rejects.toThrow(/do_pad.*model_type "sam"/);
  });
});
