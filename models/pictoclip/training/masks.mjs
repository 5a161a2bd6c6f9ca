// COCO run-length encoding of masks: counts of 0s and 1s in column order, as the compressed string of cocoapi.

/** mask uint8[height * width] of 0/1, row-major → {size: [height, width], counts: string} */
export function encodeRle(mask, width, height) {
  const counts = [];
  let current = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (mask[y * width + x] !== current) {
        counts.push(run);
        run = 0;
        current = 1 - current;
      }
      run++;
    }
  }
  counts.push(run);
  const differences = counts.map((count, i) => (i > 2 ? count - counts[i - 2] : count));
  return { size: [height, width], counts: differences.map(compress).join('') };
}

/** A signed number as characters of five bits each, lowest first, 32 = more follows, offset 48. */
function compress(number) {
  let out = '';
  for (let more = true; more;) {
    let bits = number & 31;
    number >>= 5;
    more = bits & 16 ? number !== -1 : number !== 0;
    if (more) bits |= 32;
    out += String.fromCharCode(bits + 48);
  }
  return out;
}

/** {x, y, width, height} of the 1s in pixels, or null where there are none. */
export function bboxOf(mask, width, height) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
