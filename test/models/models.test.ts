import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '#lib/models/families.js';
import { readManifest } from '#lib/models/manifest.js';
import { findModel, listModels, modelNames, verifyModel } from '#lib/models/registry.js';

describe('manifests', () => {
  it('every file of models/ is a sound manifest of a family that exists', async () => {
    const rooms = await Promise.all((['encoders', 'segmenters', 'highlighters'] as const).map(families));
    const known = rooms.flat();
    const { entries, faults } = await listModels();
    expect(faults).toEqual([]);
    expect(entries.map(({ manifest }) => manifest.name)).toEqual(await modelNames());
    for (const { manifest } of entries) expect(known).toContain(manifest.family);
  });

  it('a file that is wrong in many places is refused once, with every fault', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lookbook-manifest-'));
    const path = join(folder, 'wrong.json');
    const wrong = {
      title: '',
      family: 'image-encoder',
      licence: 'MIT',
      source: 'somewhere',
      files: { image: { path: '../../etc/passwd', bytes: 1, sha256: 'abc' } },
      preprocessing: { resize: 'stretch', size: 224, interpolation: 'bicubic', mean: [0, 0], std: [1, 1, 1] },
      input: 'pixel_values',
      output: 'embedding',
      colour: 'red',
    };
    await writeFile(path, JSON.stringify(wrong));
    const message = await readManifest(path, 'wrong').catch((error: Error) => error.message);
    for (const part of [
      'title',
      'files.image.path',
      'files.image.sha256',
      'preprocessing.resize',
      'preprocessing.mean',
      'dimension',
      'colour',
    ]) {
      expect(message).toContain(part);
    }
    await rm(folder, { recursive: true });
  });

  it('an unknown name lists the known ones', async () => {
    await expect(findModel('clipp')).rejects.toThrow(
      /got "clipp", expected one of .*mobilenet-v2.*pictoclip/,
    );
  });

  it('the embedded model is whole, and is what its manifest says', async () => {
    expect(await verifyModel('pictoclip')).toEqual([]);
    expect(await verifyModel('pictoclip-segments')).toEqual([]);
    const { manifest } = await findModel('pictoclip');
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    expect(bytes).toBeLessThanOrEqual(9 * 2 ** 20);
  });
});
