import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '#lib/models/identity.js';
import { checkManifest, type EverythingManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';

async function manifestOf(name: string): Promise<Record<string, unknown>> {
  const { name: _, ...rest } = JSON.parse(await readFile(projectPath(`models/${name}.json`), 'utf8'));
  return rest;
}

/** What is wrong with a shipped manifest after a change. */
async function refusal(name: string, change: Record<string, unknown>): Promise<string> {
  return checkManifest({ ...(await manifestOf(name)), ...change }, name, 'a test').then(
    () => 'it was taken',
    (error: Error) => error.message,
  );
}

async function resized(name: string, resize: string): Promise<string> {
  const {
    longest: _,
    multipleOf: __,
    ...rest
  } = (await manifestOf(name)).preprocessing as object & {
    longest?: number;
    multipleOf?: number;
  };
  const more = resize === 'within' ? { longest: 1024 } : {};
  const preprocessing = { ...rest, resize, ...more };
  return refusal(name, { preprocessing, batch: 1 });
}

describe('masks lie over the whole picture', () => {
  it.each([
    ['segformer-b0-ade', ['squash', 'within']],
    ['detr-resnet-50-panoptic', ['squash', 'within']],
    ['pictoclip-segments', ['squash']],
    ['slimsam-77', ['longest', 'squash']],
    ['clipseg-rd64', ['squash']],
  ])('%s takes pictures by %j only', async (name, forms) => {
    for (const form of ['shortest', 'longest', 'squash', 'within']) {
      const said = await resized(name, form);
      if (forms.includes(form)) expect(said, form).toBe('it was taken');
      else expect(said, form).toContain(`preprocessing.resize must be ${forms.join(' or ')}`);
    }
  });
});

describe('a manifest says nothing that nobody reads', () => {
  it('what was measured on encoders is refused of others', async () => {
    const measured = {
      crops: { margin: 0.1, outside: 'mean' },
      duplicates: { cosine: 0.9 },
      relevance: {},
      fusion: 'best part',
    };
    for (const name of ['segformer-b0-ade', 'windows', 'slimsam-77', 'clipseg-rd64'])
      for (const [field, value] of Object.entries(measured))
        expect(await refusal(name, { [field]: value }), name).toContain(`${field} belongs to encoders`);
    expect(await refusal('pictoclip', measured)).toBe('it was taken');
  });

  it('one picture a run goes neither with a batch nor with a highlighter', async () => {
    expect(await refusal('mobile-sam', { pixels: 'hwc' })).toBe('it was taken');
    expect(await refusal('mobile-sam', { pixels: 'hwc', batch: 4 })).toContain('batch does not go with');
    expect(await refusal('clipseg-rd64', { pixels: 'hwc' })).toContain('pixels must not be hwc');
  });

  it('prompts that are asked one by one have no batch', async () => {
    const { prompts } = await manifestOf('mobile-sam');
    expect(await refusal('mobile-sam', { prompts: { ...(prompts as object), batch: 8 } })).toContain(
      'prompts.batch belongs to the form many',
    );
  });
});

describe('windows', () => {
  it('must be allowed their corners: with fewer the search for a stride would not end', async () => {
    for (const most of [1, 7])
      expect(await refusal('windows', { most })).toContain('most must be at least 8: each size has four');
    expect(await refusal('windows', { most: 8 })).toBe('it was taken');
  });

  it('lie on cells of 8 pixels', async () => {
    for (const change of [{ stride: 57 }, { sizes: [224, 450] }])
      expect(await refusal('windows', change)).toContain('must be multiples of 8');
  });
});

describe('a segmenter’s fingerprint', () => {
  it('stays when prompts are asked in other portions, and changes with what they are', async () => {
    const manifest = (await checkManifest(
      await manifestOf('slimsam-77'),
      'slimsam-77',
      'it',
    )) as EverythingManifest;
    const { prompts } = manifest;
    const print = (changed: EverythingManifest['prompts']): Promise<string> =>
      fingerprintOf({ ...manifest, prompts: changed }, {}, 1);
    const own = await print(prompts);
    expect(await print({ ...prompts, batch: 8 })).toBe(own);
    expect(await print({ ...prompts, skip: 1 })).not.toBe(own);
  });
});
