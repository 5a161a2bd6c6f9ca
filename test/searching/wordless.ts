import type { Encoder } from '#lib/types.js';

/** An encoder that nobody asks: it has a name and a space, no words, and sees nothing. */
export function wordlessEncoder(dimension: number): Encoder {
  return {
    name: 'wordless',
    fingerprint: 'f'.repeat(32),
    dimension,
    preprocessing: { resize: 'squash', size: 8, interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] },
    poolsSegments: false,
    embed: async () => [],
    close: async () => {},
  };
}
