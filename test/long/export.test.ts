import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LookbookError, reasonOf } from '#lib/errors.js';
import { type Exported, exportModel } from '#lib/models/export.js';
import { openOnnxModel } from '#lib/onnx.js';
import { derivedPath, projectPath } from '#lib/paths.js';

/** Makes the whole environment (6 GB on Linux) where LOOKBOOK_EXPORT_PYTHON names none. */
const minutes = 60_000;
const canMake =
  process.env.LOOKBOOK_EXPORT_PYTHON !== undefined ||
  spawnSync('python3', ['-c', 'import sys, ensurepip, venv; assert sys.version_info >= (3, 11)']).status ===
    0;
if (!canMake) {
  console.warn(
    'SKIPPED: exports, because there is no Python 3.11 that makes environments (apt install python3-venv).',
  );
}

describe.skipIf(!canMake)('npm run models -- export, with PyTorch', () => {
  let folder: string;
  let refusedUnknown: string;

  const say = (line: string): void => console.log(line);
  const run = (kind: string, name: string): Promise<Exported> =>
    exportModel({ name, kind, source: join(folder, name), target: join(folder, 'out', kind, name) }, { say });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-export-'));
    await mkdir(join(folder, 'unknown'));
    await writeFile(join(folder, 'unknown', 'config.json'), '{ "model_type": "no-such-type" }');
    refusedUnknown = await run('image-encoder', 'unknown').then(() => '', reasonOf);
    const made = await readdir(derivedPath('export-venv'));
    const python =
      process.env.LOOKBOOK_EXPORT_PYTHON ??
      derivedPath('export-venv', made.find((name) => name !== 'lock') ?? '', 'bin', 'python');
    const script = projectPath('test/fixtures/golden/tiny_sources.py');
    const written = spawnSync(python, ['-B', script, folder], { encoding: 'utf8' });
    expect(written.status, written.stderr).toBe(0);
  }, 40 * minutes);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'exports a BEiT that segments, pooling of 20 cells to 3 and 6 included',
    async () => {
      const { files, maxAbs, labels } = await run('beit-semantic', 'beit');
      expect(files.image?.inputs).toEqual({ pixel_values: ['batch', 3, 640, 640] });
      expect(files.image?.outputs).toEqual({ logits: ['batch', 150, 160, 160] });
      expect(maxAbs).toBeLessThanOrEqual(1e-4);
      expect(labels).toHaveLength(150);
      const graph = await openOnnxModel(join(folder, 'out/beit-semantic/beit', files.image!.path));
      expect(graph.outputs.map(({ name }) => name)).toEqual(['logits']);
      await graph.close();
    },
    20 * minutes,
  );

  it(
    'exports CLIP and SigLIP as two towers, for texts of any length',
    async () => {
      for (const [name, dimension] of [
        ['clip', 24],
        ['siglip', 16],
      ] as const) {
        const { files, maxAbs } = await run('clip', name);
        expect(files.image?.outputs).toEqual({ image_embeds: ['batch', dimension] });
        expect(files.text?.inputs).toEqual({ input_ids: ['batch', 'length'] });
        expect(files.text?.outputs).toEqual({ text_embeds: ['batch', dimension] });
        expect(maxAbs).toBeLessThanOrEqual(1e-4);
      }
    },
    20 * minutes,
  );

  it(
    'exports encoders of pictures with their tokens or with one vector',
    async () => {
      const tokens = await run('image-encoder', 'dinov2');
      expect(tokens.files.image?.outputs).toEqual({
        last_hidden_state: ['batch', 17, 16],
        pooler_output: ['batch', 16],
      });
      const { files } = await run('image-features', 'vit');
      expect(files.image?.outputs).toEqual({ embedding: ['batch', 16] });
    },
    20 * minutes,
  );

  it(
    'a pooler that the weights lack is not made up',
    async () => {
      const { files } = await run('image-encoder', 'vit-without-pooler');
      expect(Object.keys(files.image?.outputs ?? {})).toEqual(['last_hidden_state']);
      await expect(run('image-features', 'vit-without-pooler')).rejects.toThrow('has no pooled output');
    },
    20 * minutes,
  );

  it(
    'weights of another model are refused, and nothing is left',
    async () => {
      expect(refusedUnknown).toMatch('no-such-type');
      await expect(run('beit-semantic', 'vit')).rejects.toThrow(LookbookError);
      await expect(run('clip', 'bert')).rejects.toThrow('not a CLIP or SigLIP');
      await expect(run('image-features', 'bert')).rejects.toThrow('takes input_ids');
      expect(existsSync(join(folder, 'out/clip/bert'))).toBe(false);
      expect(existsSync(join(folder, 'out/clip/bert.part'))).toBe(false);
    },
    20 * minutes,
  );
});
