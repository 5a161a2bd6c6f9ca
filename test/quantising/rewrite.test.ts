import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openOnnxModel } from '#lib/onnx.js';
import { nodeField, OnnxFile } from '#lib/onnx-file.js';
import { field, number, text } from '#lib/onnx-wire.js';
import { readGraph } from '#lib/quantising/read-graph.js';
import { type Recipe, rewritten, roundable } from '#lib/quantising/rewrite.js';
import { draws, SIDE, writeTower } from './tiny-towers.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-rewrite-'));
afterAll(() => rmSync(folder, { recursive: true }));

const recipe: Recipe = { keep: [] };
const tower = await writeTower(folder, { layers: 4 });
const MIDDLE = ['layer 0', 'layer 1', 'layer 2', 'layer 3'];

function written(bytes: Buffer, by: Recipe = recipe): Buffer {
  return Buffer.concat([...rewritten(bytes, by).parts()]);
}

let files = 0;

/** Runs a graph on rows of an input, and gives the rows of its output. */
async function run(
  bytes: Buffer,
  rows: Float32Array[],
  at: { dims: number[]; output: string },
): Promise<Float32Array[]> {
  const path = join(folder, `run-${files++}.onnx`);
  writeFileSync(path, bytes);
  const model = await openOnnxModel(path);
  const data = Float32Array.from(rows.flatMap((row) => [...row]));
  const feeds = {
    [model.inputs[0]!.name]: { type: 'float32' as const, data, dims: [rows.length, ...at.dims] },
  };
  const answer = (await model.run(feeds, [at.output]))[at.output]!;
  await model.close();
  if (answer.type !== 'float32') throw new Error(answer.type);
  const size = answer.data.length / rows.length;
  return rows.map((_, row) => answer.data.slice(row * size, (row + 1) * size) as Float32Array);
}

const draw = draws(3);
const pictures = Array.from({ length: 8 }, () => draw(3 * SIDE * SIDE));
const tiny = { dims: [3, SIDE, SIDE], output: 'embedding' };

function opsOf(bytes: Buffer): string[] {
  return readGraph(bytes).nodes.map(({ op }) => op);
}

describe('a graph in 8 bits', () => {
  it('gives nearly the vectors of its fp32 form, and takes a quarter of its weights’ bytes', async () => {
    const original = readFileSync(tower);
    const bytes = written(original);
    const [fp32, int8] = [await run(original, pictures, tiny), await run(bytes, pictures, tiny)];
    const cosines = fp32.map((vector, index) => cosine(vector, int8[index]!));
    // Both are normed in the same way: what differs is the rounding alone, and some of it must be there.
    expect(Math.min(...cosines)).toBeGreaterThan(0.999);
    expect(Math.min(...cosines)).toBeLessThan(1 - 1e-9);
    const layers = 4 * 64 * 64;
    expect(original.length - bytes.length).toBeGreaterThan(3 * layers - 8000);
  });

  it('rounds by row: a picture has the same vector alone and among others', async () => {
    const bytes = written(readFileSync(tower));
    const others = pictures.map((row, index) => (index === 0 ? row : row.map((value) => 50 * value)));
    const [alone] = await run(bytes, pictures.slice(0, 1), tiny);
    const [among] = await run(bytes, others, tiny);
    expect(cosine(alone!, among!)).toBeGreaterThan(1 - 1e-9);
  });

  it('leaves the first and the last product in fp32, and those that are named', () => {
    const bytes = readFileSync(tower);
    expect(roundable(bytes)).toEqual(MIDDLE);
    expect(rewritten(bytes, recipe).rounded).toEqual(MIDDLE);
    const some = { keep: ['layer 2'] } as const;
    expect(rewritten(bytes, some).rounded).toEqual(['layer 0', 'layer 1', 'layer 3']);
    expect(opsOf(written(bytes, some)).filter((op) => op === 'MatMul')).toHaveLength(3);
  });

  it('is the same bytes each time, and needs no more of a recipe than that', () => {
    const bytes = readFileSync(tower);
    expect(written(bytes).equals(written(bytes))).toBe(true);
  });

  it('rounds an activation once for all products that share it; Gemm keeps its bias, its turned weights its meaning', async () => {
    const file = new OnnxFile();
    const x = file.input('x', 'float32', ['batch', 64]);
    const random = draws(9);
    const weight = (): string => file.weight([64, 64], (count) => random(count, 0.1));
    const bias = file.weight([64], (count) => random(count));
    const first = file.node('MatMul', [x, weight()]);
    const shared = file.node('Tanh', [first]);
    const a = file.node('MatMul', [shared, weight()]);
    const b = file.node('Gemm', [shared, weight(), bias], { transB: { int: 1 } });
    const c = file.node('Gemm', [shared, weight(), bias], { alpha: { float: 2.5 } });
    const convolved = file.node(
      'Conv',
      [
        file.node('Reshape', [file.node('Sum', [a, b, c]), file.ints([0, 1, 8, 8])]),
        file.weight([1, 1, 3, 3], (count) => random(count)),
      ],
      { pads: { ints: [1, 1, 1, 1] } },
    );
    const flat = file.node('Reshape', [convolved, file.ints([0, 64])]);
    file.node('MatMul', [flat, weight()], {}, 'y');
    file.output('y', 'float32', ['batch', 64]);
    const path = join(folder, 'shared.onnx');
    await file.write(path);
    const original = readFileSync(path);
    const bytes = written(original);
    const ops = opsOf(bytes);
    expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
    // The Gemm that scales its product is left as it is, the convolution too.
    expect(ops.filter((op) => op === 'Gemm')).toHaveLength(1);
    expect(ops).toContain('Conv');
    expect(ops.filter((op) => op.startsWith('MatMulInteger'))).toHaveLength(2);
    const rows = Array.from({ length: 4 }, () => draw(64));
    const at = { dims: [64], output: 'y' };
    const [fp32, int8] = [await run(original, rows, at), await run(bytes, rows, at)];
    for (const [index, row] of fp32.entries()) expect(cosine(row, int8[index]!)).toBeGreaterThan(0.999);
  });
});

describe('a graph that is left alone says why', () => {
  const refusal = (bytes: Buffer, by = recipe): string => {
    try {
      rewritten(bytes, by);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return 'none';
  };
  const model = (parts: { ir?: number; opset?: number; graph?: Buffer[] }): Buffer =>
    Buffer.concat([
      number(1, parts.ir ?? 8),
      field(8, Buffer.concat([text(1, ''), number(2, parts.opset ?? 17)])),
      field(7, Buffer.concat(parts.graph ?? [])),
    ]);

  it('no products, old forms, weights in other files', () => {
    expect(refusal(model({}))).toBe(
      'it has no matrix products with constant weights beside the first and the last',
    );
    expect(refusal(model({ ir: 3 }))).toBe('it is of the old form 3 (IR version)');
    expect(refusal(model({ opset: 12 }))).toBe('it is of opset 12, and 8 bits need 13');
    const place = field(13, Buffer.concat([text(1, 'location'), text(2, '../../secret')]));
    const outside = field(5, Buffer.concat([number(1, 64), number(2, 1), text(8, 'w'), place]));
    expect(refusal(model({ graph: [outside] }))).toBe('its weights lie in other files beside it');
  });

  it('bytes that are no graph, or a part of one', () => {
    expect(refusal(Buffer.alloc(0))).toBe('0 graphs');
    expect(refusal(Buffer.from('version https://git-lfs'))).toMatch(
      /wire type|ends beyond|does not end|graphs/,
    );
    const bytes = readFileSync(tower);
    for (const share of [0.1, 0.5, 0.9, 0.999])
      expect(refusal(bytes.subarray(0, Math.floor(share * bytes.length)))).not.toBe('none');
  });

  it('weights that are no numbers', async () => {
    const file = new OnnxFile();
    const weight = (): string => file.weight([64, 64], (count) => new Float32Array(count).fill(Number.NaN));
    let x = file.input('x', 'float32', ['batch', 64]);
    for (const name of ['a', 'b', 'y']) x = file.node('MatMul', [x, weight()], {}, name);
    file.output('y', 'float32', ['batch', 64]);
    const path = join(folder, 'nan.onnx');
    await file.write(path);
    expect(() => written(readFileSync(path))).toThrow('weights that are not finite');
  });

  it('graphs within graphs are read so deep and no deeper, and what they read of the weights stays', () => {
    const nested = (depth: number): Buffer => {
      const inner = depth === 0 ? Buffer.alloc(0) : nested(depth - 1);
      const attribute = field(5, Buffer.concat([text(1, 'body'), field(6, inner)]));
      const own = text(1, `read at ${depth}`);
      return field(1, Buffer.concat([own, text(2, 'o'), text(4, 'Loop'), attribute]));
    };
    expect(readGraph(model({ graph: [nested(3)] })).inner).toEqual(
      new Set(['read at 0', 'read at 1', 'read at 2']),
    );
    expect(refusal(model({ graph: [nested(40)] }))).toBe('graphs within graphs, more than 16 deep');

    const original = readGraph(readFileSync(tower));
    const weights = original.nodes.find(({ outputs }) => outputs[0] === 'layer 1')!.inputs[1]!;
    const reader = Buffer.concat([
      text(1, 'body'),
      field(6, nodeField({ op: 'Neg', inputs: [weights], outputs: ['n'] })),
    ]);
    const loop = field(1, Buffer.concat([text(2, 'l'), text(4, 'Loop'), field(5, reader)]));
    const graph = [
      ...original.nodes.map(({ whole }) => whole),
      loop,
      ...[...original.initializers.values()].map(({ whole }) => whole),
      ...original.rest,
    ];
    const kept = readGraph(written(model({ graph }))).initializers;
    expect(kept.has(weights)).toBe(true);
    const other = original.nodes.find(({ outputs }) => outputs[0] === 'layer 2')!.inputs[1]!;
    expect(kept.has(other)).toBe(false);
  });

  it('three hundred damaged graphs are rewritten or refused in words, each of them', () => {
    const original = readFileSync(tower);
    const random = draws(11);
    const place = (): number => Math.floor(Math.abs(random(1)[0]! * 1e6));
    // The structure lies before the weights, and there the damage is done.
    const structure = original.length - 90_000 * 4 > 0 ? 3000 : original.length;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(original);
      for (let hit = 0; hit <= round % 4; hit++) bytes[place() % structure]! ^= 1 << (place() % 8);
      try {
        for (const part of rewritten(bytes, recipe).parts())
          expect(part.length).toBeLessThan(2 * original.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(TypeError);
        expect(error).not.toBeInstanceOf(RangeError);
      }
    }
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (one: Float32Array, other: Float32Array): number =>
    one.reduce((sum, value, index) => sum + value * other[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
