import type { Mask, Pooling } from '../types.js';

/**
 * The mean feature under a mask: features float32[D, h, w] and a mask of any size → float32[D].
 * A cell counts with the share of it that the mask covers; a mask too thin for any cell gives zeros.
 */
export function poolUnderMask(features: Float32Array, dims: readonly number[], mask: Mask): Float32Array {
  const [dimension = 0, height = 0, width = 0] = dims;
  const cells = height * width;
  const weights = cellShares(mask, width, height);
  const pooled = new Float32Array(dimension);
  for (let cell = 0; cell < cells; cell++) {
    const weight = weights[cell]!;
    if (weight === 0) continue;
    for (let d = 0; d < dimension; d++) pooled[d]! += weight * features[d * cells + cell]!;
  }
  return pooled;
}

/**
 * The same of tokens float32[T, D]: the first is left out, the others are the cells of a square grid, row by row.
 * @returns null where they fill no square.
 */
export function poolPatches(data: Float32Array, dims: readonly number[], mask: Mask): Float32Array | null {
  const [tokens = 0, dimension = 0] = dims;
  const side = Math.sqrt(tokens - 1);
  if (dims.length !== 2 || side < 1 || !Number.isInteger(side)) return null;
  const weights = cellShares(mask, side, side);
  const pooled = new Float32Array(dimension);
  for (const [cell, weight] of weights.entries()) {
    if (weight === 0) continue;
    const start = (cell + 1) * dimension;
    for (let d = 0; d < dimension; d++) pooled[d]! += weight * data[start + d]!;
  }
  return pooled;
}

/** The mask brought to width × height as shares that sum to 1: float32[height, width]. */
function cellShares(mask: Mask, width: number, height: number): Float32Array {
  const shares = new Float32Array(width * height);
  let total = 0;
  for (let y = 0; y < mask.height; y++) {
    const row = Math.floor((y * height) / mask.height) * width;
    for (let x = 0; x < mask.width; x++) {
      if (!mask.data[y * mask.width + x]) continue;
      shares[row + Math.floor((x * width) / mask.width)]!++;
      total++;
    }
  }
  if (total > 0) for (let i = 0; i < shares.length; i++) shares[i]! /= total;
  return shares;
}

/**
 * One vector of an output's row: float32[D] as it is, tokens float32[T, D] or cells float32[C, h, w] by the rule.
 * @param counts of tokens: which are no padding, 1 or 0.
 * @returns null where the form of the row does not fit the rule.
 */
export function poolRow(
  data: Float32Array,
  dims: readonly number[],
  rule: { pooling?: Pooling | undefined; counts?: readonly number[] },
): Float32Array | null {
  const { pooling, counts } = rule;
  if (dims.length === 1 || dims.slice(1).every((dim) => dim === 1)) return pooling ? null : data.slice();
  if (dims.length === 3 && pooling === 'mean') return meanOfCells(data, dims[0]!);
  if (dims.length !== 2 || !pooling) return null;
  const [tokens = 0, dimension = 0] = dims;
  if (pooling === 'cls') return data.slice(0, dimension);
  const pooled = new Float32Array(dimension);
  for (let token = pooling === 'patch-mean' ? 1 : 0; token < tokens; token++) {
    if (counts && !counts[token]) continue;
    for (let d = 0; d < dimension; d++) pooled[d]! += data[token * dimension + d]!;
  }
  const count = counts
    ? counts.reduce((sum, one) => sum + one, 0)
    : tokens - (pooling === 'patch-mean' ? 1 : 0);
  return pooled.map((value) => value / Math.max(1, count));
}

function meanOfCells(data: Float32Array, channels: number): Float32Array {
  const cells = data.length / channels;
  return Float32Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let cell = channel * cells; cell < (channel + 1) * cells; cell++) sum += data[cell]!;
    return sum / cells;
  });
}
