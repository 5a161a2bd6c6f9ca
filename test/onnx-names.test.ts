import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openOnnxModel } from '#lib/onnx.js';
import { OnnxFile } from '#lib/onnx-file.js';
import { readGraphNames } from '#lib/onnx-names.js';
import { projectPath } from '#lib/paths.js';

const golden = projectPath('test/fixtures/golden/models');
const folder = mkdtempSync(join(tmpdir(), 'lookbook-onnx-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of these bytes. */
function fileOf(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

describe('the names of a graph', () => {
  it('are its outputs, and all tensors that are made of what it is given, in their order', async () => {
    expect(await readGraphNames(`${golden}/convnet/model.onnx`)).toEqual({
      outputs: ['logits', 'late', 'early', 'embedding'],
      // v0, v4, v7 and v10 are its weights, cast.
      tensors: [
        { name: 'v2', op: 'Conv' },
        { name: 'v3', op: 'Relu' },
        { name: 'v6', op: 'Conv' },
        { name: 'early', op: 'Relu' },
        { name: 'v9', op: 'Conv' },
        { name: 'late', op: 'Relu' },
        { name: 'embedding', op: 'ReduceMean' },
        { name: 'logits', op: 'Gemm' },
      ],
    });
  });

  it('are found on both sides of weights that are larger than what is read at once', async () => {
    const file = new OnnxFile();
    const input = file.input('numbers', 'float32', ['batch', 2]);
    const large = file.weight([2, 50_000], () => new Float32Array(100_000).fill(1));
    file.node('MatMul', [input, large], {}, 'wide');
    file.node('Relu', ['wide'], {}, 'answer');
    file.output('answer', 'float32', ['batch', 50_000]);
    const path = join(folder, 'large.onnx');
    await file.write(path);
    // The writer puts weights last: what follows them is a second piece of the same graph.
    const node = Buffer.from('\x3a\x1c\x0a\x1a\x0a\x06answer\x12\x05later\x1a\x03lat\x22\x04Relu', 'latin1');
    const more = fileOf('more.onnx', Buffer.concat([readFileSync(path), node]));
    const { outputs, tensors } = await readGraphNames(more);
    expect(outputs).toEqual(['answer']);
    expect(tensors.map(({ name }) => name)).toEqual(['wide', 'answer', 'later']);
  });

  it('of a file that is cut off, made up or something else are refused with the file and the reason', async () => {
    const whole = readFileSync(`${golden}/convnet/model.onnx`);
    const wrong: [Uint8Array, RegExp][] = [
      [whole.subarray(0, 2000), /longer than what holds it/],
      [Buffer.alloc(0), /no nodes and outputs/],
      [Buffer.from('<!doctype html><p>not found'), /cannot be read/],
      [
        Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        /cannot be read/,
      ],
      [Buffer.from([0x3a, 0x80]), /middle of a number/],
      // A graph that holds an output whose name claims a megabyte, and has it.
      [
        Buffer.concat([
          Buffer.from([0x3a, 0x88, 0x80, 0x40, 0x62, 0x84, 0x80, 0x40, 0x0a, 0x80, 0x80, 0x40]),
          Buffer.alloc(2 ** 20),
        ]),
        /name of 1048576 bytes/,
      ],
    ];
    for (const [at, [bytes, reason]] of wrong.entries()) {
      const path = fileOf(`wrong-${at}`, bytes);
      await expect(readGraphNames(path)).rejects.toThrow(reason);
      await expect(readGraphNames(path)).rejects.toThrow(path);
    }
  });
});

describe('tensors inside a graph', () => {
  it('become outputs of the running graph: types and shapes are found out, the old outputs stay what they were', async () => {
    const path = `${golden}/convnet/model.onnx`;
    const [plain, more] = await Promise.all([openOnnxModel(path), openOnnxModel(path, { added: ['v3'] })]);
    expect(more.outputs).toContainEqual({ name: 'v3', type: 'float32', dims: [null, 8, 16, 16] });
    const feeds = () => ({
      [plain.inputs[0]!.name]: {
        type: 'float32' as const,
        data: Float32Array.from({ length: 3072 }, (_, at) => Math.sin(at)),
        dims: [1, 3, 32, 32],
      },
    });
    const { embedding } = await plain.run(feeds(), ['embedding']);
    const { embedding: same, v3 } = await more.run(feeds(), ['embedding', 'v3']);
    expect(v3!.dims).toEqual([1, 8, 16, 16]);
    for (const [at, value] of (same!.data as Float32Array).entries())
      expect(value).toBeCloseTo(Number(embedding!.data[at]), 5);
    await Promise.all([plain.close(), more.close()]);
  });

  it('of a graph whose weights lie in a file beside it find them there', async () => {
    const path = `${golden}/external/model.onnx`;
    const { tensors, outputs } = await readGraphNames(path);
    const inner = tensors.map(({ name }) => name).find((name) => !outputs.includes(name))!;
    const model = await openOnnxModel(path, { added: [inner] });
    expect(model.outputs.map(({ name }) => name)).toEqual([...outputs, inner]);
    await model.close();
  });

  it('of an unknown name are refused by the runtime, in words that name the file', async () => {
    const path = `${golden}/convnet/model.onnx`;
    await expect(openOnnxModel(path, { added: ['nowhere'] })).rejects.toThrow(
      /cannot be loaded.*convnet.*nowhere/s,
    );
  });
});
