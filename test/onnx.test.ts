import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '#lib/arithmetic/float16.js';
import { openOnnxModel } from '#lib/onnx.js';
import { projectPath } from '#lib/paths.js';

const image = projectPath('models/pictoclip/settle.onnx');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a graph', () => {
  it('that two open stays open until the second closes it, however often the first does', async () => {
    const one = await openOnnxModel(image);
    const two = await openOnnxModel(image);
    await Promise.all([one.close(), one.close()]);
    await expect(two.run(vectors(2), ['embedding'])).resolves.toHaveProperty('embedding');
    await two.close();
    await expect(two.run(vectors(2), ['embedding'])).rejects.toThrow('the model is closed');
  });

  it('gives the same on one lane as on several', async () => {
    const one = await openOnnxModel(image, { lanes: 1, threads: 1 });
    const two = await openOnnxModel(image, { lanes: 2, threads: 1 });
    expect([one.lanes, two.lanes]).toEqual([1, 2]);
    const [a, b] = await Promise.all([one, two].map((model) => model.run(vectors(3), ['embedding'])));
    expect(a).toEqual(b);
    await Promise.all([one.close(), two.close()]);
  });

  it('answers every run, however many wait for its lanes and whatever shares them', async () => {
    const [two, one] = await Promise.all([
      openOnnxModel(image, { lanes: 2, threads: 1 }),
      openOnnxModel(image, { lanes: 1, threads: 1 }),
    ]);
    const runs = Array.from({ length: 24 }, (_, n) =>
      (n % 3 ? two : one).run(vectors(1 + (n % 5)), ['embedding']),
    );
    const rows = (await Promise.all(runs)).map(({ embedding }) => embedding!.dims[0]);
    expect(rows).toEqual(runs.map((_, n) => 1 + (n % 5)));
    const failing = Array.from({ length: 6 }, () => two.run(vectors(1), ['nothing']));
    const answers = await Promise.allSettled([...failing, one.run(vectors(2), ['embedding'])]);
    expect(answers.map(({ status }) => status)).toEqual([...failing.map(() => 'rejected'), 'fulfilled']);
    await Promise.all([one.close(), two.close()]);
  });

  it.each([
    ['page.onnx', '<!DOCTYPE html><title>404</title>', 'which is a web page'],
    ['pointer.onnx', 'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'a pointer of git LFS'],
    ['empty.onnx', '', 'which is empty'],
    ['noise.onnx', 'no graph at all', 'an ONNX graph'],
  ])('that is none is refused with what it is: %s', async (name, text, words) => {
    const path = join(folder, name);
    await writeFile(path, text);
    await expect(openOnnxModel(path)).rejects.toThrow(words);
    await expect(openOnnxModel(path)).rejects.toThrow(path);
  });

  it('that is not there is named', async () => {
    await expect(openOnnxModel(join(folder, 'nowhere.onnx'))).rejects.toThrow('a model file is missing');
  });
});

describe('a device', () => {
  const absent = process.platform === 'darwin' ? 'dml' : 'coreml';

  it('that this platform never has is refused in one sentence with what it has', async () => {
    await expect(openOnnxModel(image, { device: absent })).rejects.toThrow(
      new RegExp(`the device ${absent} is not to be had on this machine.*one of cpu`),
    );
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'whose libraries are missing is refused with the command that brings them (Linux x64 alone has them)',
    async () => {
      const model = await openOnnxModel(image, { device: 'cuda', deviceId: 0 }).catch(
        (error: Error) => error,
      );
      // On a machine with CUDA it opens, and answers.
      if (!(model instanceof Error)) {
        await expect(model.run(vectors(1), ['embedding'])).resolves.toHaveProperty('embedding');
        return model.close();
      }
      expect(model.message).toContain('the device cuda cannot be used');
      expect(model.message).toContain('ONNXRUNTIME_NODE_INSTALL=cuda12');
    },
  );
});

describe('half precision', () => {
  it('every half that is a number comes back as it was', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((b) => (b & 0x7c00) !== 0x7c00);
    expect(toFloat16(fromFloat16(bits))).toEqual(bits);
  });

  it('rounds to the nearest, ties to even, and overflows to infinity', () => {
    const values = Float32Array.of(
      1,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65_504,
      65_520,
      2 ** -25,
      2 ** -24,
      -0.1,
    );
    expect([...fromFloat16(toFloat16(values))]).toEqual([
      1,
      1,
      1 + 2 ** -9,
      65_504,
      Number.POSITIVE_INFINITY,
      0,
      2 ** -24,
      -0.0999755859375,
    ]);
    expect(Number.isNaN(fromFloat16(toFloat16(Float32Array.of(Number.NaN)))[0])).toBe(true);
  });
});

/** Some vectors of the embedded model's size, different in every number. */
function vectors(rows: number): Parameters<Awaited<ReturnType<typeof openOnnxModel>>['run']>[0] {
  const data = Float32Array.from({ length: rows * 256 }, (_, i) => Math.sin(i));
  return { vectors: { type: 'float32', data, dims: [rows, 256] } };
}
