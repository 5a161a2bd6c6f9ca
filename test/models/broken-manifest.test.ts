import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { checkManifest, readManifest } from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import { dualOf } from './hub-folder.js';

const sound = dualOf(await readManifest(projectPath('models/clip-vit-b-32.json'), 'clip-vit-b-32'));

describe('a broken manifest', () => {
  it('is refused once, with every fault of its form', async () => {
    const wrong = {
      ...sound,
      family: 'dual-encoder',
      hub: { repository: 'Xenova', revision: '../main' },
      files: { image: { path: 'a/../b.onnx', bytes: -1, sha256: 'x' } },
      variants: { int4: {} },
      text: { ...sound.text, idType: 'float32' },
      logit: { scale: 0, bias: 0 },
      card: { imagenetZeroShot: 633 },
    };
    const message = await refusal(wrong);
    for (const part of [
      'hub.repository',
      'hub.revision',
      'files.image.path',
      'files.image.bytes',
      'files.image.sha256',
      'variants',
      'int4',
      'text.idType',
      'logit.scale',
      'card',
      'imagenetZeroShot',
    ])
      expect(message).toContain(part);
  });

  it('is refused once, with every name that leads nowhere', async () => {
    const { tokenizer } = sound.text;
    const message = await refusal({
      ...sound,
      text: { ...sound.text, file: 'words', tokenizer: { ...tokenizer, file: 'vocabulary' } },
      settle: { file: 'last', input: 'a', output: 'b' },
      variants: { q8: { picture: { path: 'b.onnx', bytes: null, sha256: null } } },
      preprocessing: { ...sound.preprocessing, scaleTo: 32, longest: 32 },
    });
    for (const part of ['words', 'vocabulary', 'last', 'picture', 'scaleTo', 'longest'])
      expect(message).toContain(part);
  });

  it('one fault is told as one: what other forms would want is not said', async () => {
    const dino = JSON.parse(await readFile(projectPath('models/dinov2-small.json'), 'utf8'));
    expect(await refusal({ ...dino, dimension: undefined })).toContain(
      "has 1 fault: got the file must have required property 'dimension', expected",
    );
    const tokenizer = { ...sound.text.tokenizer, kind: 'huggingfaces' };
    expect(await refusal({ ...sound, text: { ...sound.text, tokenizer } })).toContain(
      'has 1 fault: got text.tokenizer.kind must be equal to one of the allowed values (word-ngrams | huggingface)',
    );
    const short = { ...sound.text.tokenizer, contextLength: undefined };
    expect(await refusal({ ...sound, text: { ...sound.text, tokenizer: short } })).toContain(
      "has 1 fault: got text.tokenizer must have required property 'contextLength'",
    );
    expect(await refusal({ ...sound, colour: 'red' })).toContain('has 1 fault: got the file must NOT have');
  });

  it('what needs no weights names none, and nothing of a graph; every other model has both', async () => {
    const windows = JSON.parse(await readFile(projectPath('models/windows.json'), 'utf8'));
    expect(await refusal(windows)).toBe('it was taken');
    const { files, input, output, preprocessing } = sound;
    expect(await refusal({ ...windows, files })).toContain('files must NOT have more than 0 properties');
    for (const part of [{ input }, { output }, { preprocessing }])
      expect(await refusal({ ...windows, ...part })).toContain(`has 1 fault: got ${Object.keys(part)[0]}`);
    expect(await refusal({ ...sound, files: {}, input: undefined })).toContain(
      "has 2 faults: got the file must have required property 'input'; files must have required property 'image'",
    );
  });

  it('a size that only some ways of resizing know is refused for the others', async () => {
    const multipleOf = { ...sound.preprocessing, multipleOf: 32 };
    expect(await refusal({ ...sound, preprocessing: multipleOf })).toContain('multipleOf belongs to within');
  });

  async function refusal(value: object): Promise<string> {
    const { name: _, ...rest } = JSON.parse(JSON.stringify({ name: '', ...value }));
    return checkManifest(rest, 'broken', 'a test').then(
      () => 'it was taken',
      (error: Error) => error.message,
    );
  }
});
