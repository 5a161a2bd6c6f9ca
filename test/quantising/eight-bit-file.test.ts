import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LookbookError } from '#lib/errors.js';
import { eightBitFile, removeEightBitFile, roundableProducts } from '#lib/quantising/eight-bit-file.js';
import type { Recipe } from '#lib/quantising/rewrite.js';
import { writeTower } from './tiny-towers.js';

const folder = mkdtempSync(join(tmpdir(), 'lookbook-eight-bit-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = await writeTower(folder, { layers: 3 });
const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
const graph = { path, sha256 };
const recipe: Recipe = { keep: [] };

describe('the file of an 8-bit form', () => {
  it('is written once, whole, and named by the weights and the recipe', async () => {
    const [made, again] = await Promise.all([eightBitFile(graph, recipe), eightBitFile(graph, recipe)]);
    expect(again).toBe(made);
    const { mtimeMs } = statSync(made);
    expect(await eightBitFile(graph, recipe)).toBe(made);
    expect(statSync(made).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(dirname(made)).filter((name) => name.endsWith('.part'))).toEqual([]);
    const kept = { ...recipe, keep: ['layer 1', 'layer 0'] };
    const other = await eightBitFile(graph, kept);
    expect(other).not.toBe(made);
    // The order in which products are named says nothing.
    expect(await eightBitFile(graph, { ...recipe, keep: ['layer 0', 'layer 1', 'layer 0'] })).toBe(other);
    await removeEightBitFile(graph, kept);
    expect(() => statSync(other)).toThrow();
    expect(statSync(made).size).toBeGreaterThan(0);
  });

  it('that cannot be is refused in one sentence: no file, no graph, more than 2 GB', async () => {
    const refusal = async (name: string): Promise<string> => {
      const at = { path: join(folder, name), sha256: name };
      const faults = [eightBitFile(at, recipe), roundableProducts(at)].map((result) =>
        result.then(
          () => 'none',
          (error: unknown) => (error instanceof LookbookError ? error.message : `no LookbookError: ${error}`),
        ),
      );
      const [made, read] = await Promise.all(faults);
      expect(read).toBe(made);
      expect(readdirSync(folder)).not.toContain(`${name}.part`);
      return made!.replace(folder, '…');
    };
    expect(await refusal('missing.onnx')).toMatch(
      /^\[int8\] a graph has no form of 8 bits: got …\/missing\.onnx: ENOENT.*Set DTYPE to fp32/,
    );
    writeFileSync(join(folder, 'page.onnx'), '<!doctype html>');
    expect(await refusal('page.onnx')).toContain('page.onnx: a field ');
    writeFileSync(join(folder, 'large.onnx'), '');
    truncateSync(join(folder, 'large.onnx'), 2 ** 31);
    expect(await refusal('large.onnx')).toContain('large.onnx: it is larger than 2 GB,');
  });
});
