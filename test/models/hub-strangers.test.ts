import { describe, expect, it } from 'vitest';
import {
  folderOfRepository,
  type HubListing,
  manifestOfRepository,
  parseHubName,
} from '#lib/models/from-hub/repository.js';

import { CLIP, CLIP_PROCESSOR, COMMIT, type HubContents, hubOf, without } from './hub-folder.js';

const NAME = 'hf:somebody/some-model';

async function refused(contents: HubContents): Promise<string> {
  return manifestOfRepository(NAME, hubOf(contents)).then(
    (manifest) => `it was taken: ${JSON.stringify(manifest)}`,
    (error: Error) => error.message,
  );
}

async function refusal(config: unknown): Promise<string> {
  return refused({ ...CLIP, 'config.json': JSON.stringify(config) });
}

describe('names of hub repositories', () => {
  it('the revision is main unless one is named, and the folder follows from the name', () => {
    expect(parseHubName('hf:owner/name')).toEqual({ repository: 'owner/name', revision: 'main' });
    const named = parseHubName('hf:owner/na.me_1@refs/pr/1');
    expect(named).toEqual({ repository: 'owner/na.me_1', revision: 'refs/pr/1' });
    expect(folderOfRepository(named)).toBe('owner--na.me_1--refs--pr--1');
  });

  it.each([
    'owner/name',
    'hf:',
    'hf:name',
    'hf:a/b/c',
    'hf:../name',
    'hf:o/n@',
    'hf:o/n@a@b',
    'hf:o/n@../..',
    'hf:o/-n',
    'hf:o/a--b',
    'hf:o/n m',
    `hf:o/${'n'.repeat(97)}`,
    'hf:o\\n/n',
    'hf:o/n@a..b',
  ])('refuses %j and says what is expected', (name) => {
    expect(() => parseHubName(name)).toThrow(/got .*expected hf:owner\/name/);
  });
});

describe('what a hub says is checked', () => {
  it('what is missing is listed once, with what to do', async () => {
    const message = await refused({ 'README.md': 'nothing here' });
    for (const part of [
      'no config.json',
      'no preprocessor_config.json',
      'no ONNX file',
      'models -- export',
      'by hand',
    ])
      expect(message).toContain(part);
    const other = await refused({
      ...without(CLIP, 'preprocessor_config.json'),
      'config.json': '{"model_type":"blip"}',
    });
    for (const part of ['"blip"', 'clip, ', 'no preprocessor_config.json']) expect(other).toContain(part);
    const half = await refused(without(CLIP, 'tokenizer.json', 'onnx/text_model.onnx'));
    for (const part of ['no tokenizer.json', 'onnx/vision_model.onnx with onnx/text_model.onnx'])
      expect(half).toContain(part);
    expect(await refused({ ...CLIP, 'config.json': '{"model_type":' })).toContain('config.json is no JSON');
    expect(await refusal(['clip'])).toContain('config.json is no object');
  });

  it('numbers of a stranger that would fill the memory are refused together', async () => {
    const message = await refusal({
      model_type: 'clip',
      projection_dim: 1e15,
      text_config: { max_position_embeddings: 1e12, vocab_size: '49408' },
    });
    for (const part of ['1000000000000000', '1000000000000', '"49408"']) expect(message).toContain(part);
    const huge = { ...CLIP_PROCESSOR, size: 1e9, crop_size: 1e9 };
    expect(await refusal({ model_type: 'clip', projection_dim: 7.5 })).toContain('7.5');
    expect(await refused({ ...CLIP, 'preprocessor_config.json': JSON.stringify(huge) })).toContain(
      'preprocessing.size',
    );
    const gaps = {
      architectures: ['BeitForSemanticSegmentation'],
      model_type: 'beit',
      id2label: { 0: 'a', 7: 'b' },
    };
    expect(await refused({ ...CLIP, 'onnx/model.onnx': 1, 'config.json': JSON.stringify(gaps) })).toContain(
      'id2label',
    );
  });

  it('paths and facts of a listing are not believed', async () => {
    const escaping = without(CLIP, 'onnx/vision_model.onnx');
    expect(
      await refused({ ...escaping, '../onnx/vision_model.onnx': 9, '/onnx/vision_model.onnx': 9 }),
    ).toContain('neither onnx/vision_model.onnx');
    const listed = (file: object): Promise<string> => {
      const reader = hubOf(CLIP);
      const list = async (): Promise<HubListing> => {
        const { files } = await reader.list();
        return JSON.parse(
          JSON.stringify({ commit: COMMIT, files: [...files, { path: 'tokenizer.json', ...file }] }),
        );
      };
      return manifestOfRepository(NAME, { ...reader, list }).then(
        () => 'it was taken',
        (error: Error) => error.message,
      );
    };
    expect(await listed({ bytes: 1e300, sha256: null })).toContain('1e+300 bytes');
    expect(await listed({ bytes: 2 ** 50, sha256: null })).toContain('bytes');
    expect(await listed({ bytes: '12', sha256: null })).toContain('"12" bytes');
    expect(await listed({ bytes: 12, sha256: 'ABC' })).toContain('sha256 "ABC"');
    expect(await listed({ bytes: 12, sha256: 'a'.repeat(64) })).toBe('it was taken');
    const moved = { ...hubOf(CLIP), list: async () => ({ commit: 'main', files: [] }) };
    await expect(manifestOfRepository(NAME, moved)).rejects.toThrow(/the commit "main".*no ONNX file/);
  });
});
