import type { Pixels } from '../types.js';

const SHIFT = 0.06;
const ENLARGED = 1.15;

/** A picture mirrored, moved by a few percent and seen from a little nearer, each of the same size. */
export function changedCopies(picture: Pixels): Record<'mirrored' | 'shifted' | 'enlarged', Pixels> {
  const { width, height } = picture;
  const [midX, midY] = [(width - 1) / 2, (height - 1) / 2];
  return {
    mirrored: pickedFrom(picture, (x, y) => [width - 1 - x, y]),
    shifted: pickedFrom(picture, (x, y) => [x - SHIFT * width, y - SHIFT * height]),
    enlarged: pickedFrom(picture, (x, y) => [midX + (x - midX) / ENLARGED, midY + (y - midY) / ENLARGED]),
  };
}

/** Each pixel is the nearest one to where `from` looks; beyond an edge that is the edge's own. */
function pickedFrom(
  { data, width, height }: Pixels,
  from: (x: number, y: number) => [number, number],
): Pixels {
  const picked = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = from(x, y);
      const column = Math.min(width - 1, Math.max(0, Math.round(sourceX)));
      const row = Math.min(height - 1, Math.max(0, Math.round(sourceY)));
      const source = (row * width + column) * 3;
      picked.set(data.subarray(source, source + 3), (y * width + x) * 3);
    }
  }
  return { data: picked, width, height };
}
