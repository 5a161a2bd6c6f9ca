import { LookbookError } from '../errors.js';
import type { Pixels, Preprocessing } from '../types.js';

/**
 * Normalised planes: uint8[H, W, 3] of each picture → float32[B, 3, height, width]. The input is as large as the
 * pictures under `within` and size × size else; under `longest` zeros fill up right and below.
 * @throws LookbookError when the pictures of one call do not make one tensor.
 */
export function pixelValues(
  pictures: readonly Pixels[],
  rule: Preprocessing,
): { data: Float32Array; dims: [number, 3, number, number] } {
  const { width, height } = inputSize(pictures, rule);
  const plane = width * height;
  const data = new Float32Array(pictures.length * 3 * plane);
  const [red, green, blue] = [normalised(rule, 0), normalised(rule, 1), normalised(rule, 2)];
  for (const [index, pixels] of pictures.entries()) {
    const bytes = pixels.data;
    let from = 0;
    for (let y = 0; y < pixels.height; y++) {
      let to = 3 * index * plane + y * width;
      const end = to + pixels.width;
      for (; to < end; to++, from += 3) {
        data[to] = red[bytes[from]!]!;
        data[to + plane] = green[bytes[from + 1]!]!;
        data[to + 2 * plane] = blue[bytes[from + 2]!]!;
      }
    }
  }
  return { data, dims: [pictures.length, 3, height, width] };
}

/** What each of the 256 values of a channel becomes. */
function normalised(rule: Preprocessing, channel: 0 | 1 | 2): Float32Array {
  const [mean, std] = [rule.mean[channel], rule.std[channel]];
  return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / std);
}

function inputSize(pictures: readonly Pixels[], rule: Preprocessing): { width: number; height: number } {
  const square = { width: rule.size, height: rule.size };
  const wanted = rule.resize === 'within' ? (pictures[0] ?? square) : square;
  const fits = ({ width, height }: Pixels): boolean =>
    rule.resize === 'longest'
      ? width <= wanted.width && height <= wanted.height
      : width === wanted.width && height === wanted.height;
  const misfit = pictures.find((pixels) => !fits(pixels));
  if (!misfit) return { width: wanted.width, height: wanted.height };
  throw new LookbookError('encoder', {
    what: 'the pictures of one run do not make one tensor',
    got: `${misfit.width} × ${misfit.height}`,
    expected: `${rule.resize === 'longest' ? 'at most ' : ''}${wanted.width} × ${wanted.height}`,
    mend: 'Resize each picture by the rule of the model first, and give pictures of one size to one run.',
  });
}
