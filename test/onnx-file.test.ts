import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openOnnxModel } from '#lib/onnx.js';
import { OnnxFile } from '#lib/onnx-file.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-onnx-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a written graph', () => {
  it('is run by onnxruntime as it was said: names, free and fixed dimensions, weights, attributes', async () => {
    const file = new OnnxFile();
    const input = file.input('numbers', 'float32', ['batch', 2]);
    const weights = file.weight([2, 3], () => Float32Array.of(1, 10, 100, 2, 20, 200));
    const product = file.node('MatMul', [input, weights]);
    const leaky = file.node('LeakyRelu', [product], { alpha: { float: 0.5 } });
    const turned = file.node('Transpose', [leaky], { perm: { ints: [1, 0] } });
    const joined = file.node('Concat', [turned, turned], { axis: { int: -1 } });
    const first = file.node('Slice', [joined, file.ints([-3]), file.ints([-1]), file.ints([0])]);
    file.node('Mul', [first, file.scalar(2)], {}, 'answer');
    file.output('answer', 'float32', [2, 'columns']);
    const path = join(folder, 'graph.onnx');
    await file.write(path);

    const model = await openOnnxModel(path);
    expect(model.inputs).toEqual([{ name: 'numbers', type: 'float32', dims: [null, 2] }]);
    expect(model.outputs).toEqual([{ name: 'answer', type: 'float32', dims: [2, null] }]);
    const numbers = { type: 'float32' as const, data: Float32Array.of(1, 1, -1, 0), dims: [2, 2] };
    const { answer } = await model.run({ numbers }, ['answer']);
    await model.close();
    // [[1,1],[-1,0]] · W = [[3,30,300],[-1,-10,-100]]; negative halved; turned; doubled; the first two rows twice.
    expect(answer).toEqual({
      type: 'float32',
      data: Float32Array.of(6, -1, 6, -1, 60, -10, 60, -10),
      dims: [2, 4],
    });
  });

  it('has nodes with two outputs, and whole numbers of 32 bits', async () => {
    const file = new OnnxFile();
    const [values, indices] = file.pair('TopK', [file.input('numbers', 'float32', ['n']), file.ints([2])]);
    file.node('Identity', [values], {}, 'values');
    file.node('Cast', [indices], { to: { int: 6 } }, 'indices');
    file.output('values', 'float32', [2]);
    file.output('indices', 'int32', [2]);
    const path = join(folder, 'top.onnx');
    await file.write(path);
    const model = await openOnnxModel(path);
    const numbers = { type: 'float32' as const, data: Float32Array.of(3, 9, 4), dims: [3] };
    const answer = await model.run({ numbers }, ['values', 'indices']);
    await model.close();
    expect(answer).toEqual({
      values: { type: 'float32', data: Float32Array.of(9, 4), dims: [2] },
      indices: { type: 'int32', data: Int32Array.of(1, 2), dims: [2] },
    });
  });
});
