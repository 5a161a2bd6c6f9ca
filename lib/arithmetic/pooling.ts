import type { Mask } from '../types.js';

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
