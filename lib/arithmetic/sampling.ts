/** A size in pixels or cells. */
export interface Size {
  width: number;
  height: number;
}

/** Between which cells of a line each pixel falls: value = before + (after − before) · share. */
export interface Sampling {
  before: Int32Array;
  after: Int32Array;
  /** Of the cell after, 0..1. */
  share: Float64Array;
}

/**
 * Where `pixels` pixels fall on a line of `cells` cells that covers the same length.
 * @param alignCorners TensorFlow's align_corners: the outer pixels lie on the outer cells; else half pixels, as torch.
 */
export function samplingOf(pixels: number, cells: number, alignCorners = false): Sampling {
  const sampling: Sampling = {
    before: new Int32Array(pixels),
    after: new Int32Array(pixels),
    share: new Float64Array(pixels),
  };
  for (let i = 0; i < pixels; i++) {
    const at = alignCorners
      ? (i * (cells - 1)) / Math.max(1, pixels - 1)
      : ((i + 0.5) * cells) / pixels - 0.5;
    const position = Math.max(0, Math.min(cells - 1, at));
    const before = Math.floor(position);
    sampling.before[i] = before;
    sampling.after[i] = Math.min(cells - 1, before + 1);
    sampling.share[i] = position - before;
  }
  return sampling;
}

/** A plane float32[h, w] in another size, interpolated bilinearly → float32[height, width]. */
export function resizePlane(
  plane: Float32Array,
  from: Size,
  { down, across }: { down: Sampling; across: Sampling },
): Float32Array {
  const [height, width] = [down.share.length, across.share.length];
  const out = new Float32Array(width * height);
  const row = new Float64Array(from.width);
  for (let y = 0; y < height; y++) {
    const top = down.before[y]! * from.width;
    const below = down.after[y]! * from.width;
    const share = down.share[y]!;
    for (let x = 0; x < from.width; x++) {
      row[x] = plane[top + x]! + (plane[below + x]! - plane[top + x]!) * share;
    }
    for (let x = 0; x < width; x++) {
      const left = row[across.before[x]!]!;
      out[y * width + x] = left + (row[across.after[x]!]! - left) * across.share[x]!;
    }
  }
  return out;
}
