import type { Mask, Rle } from '../types.js';

/**
 * COCO's run-length encoding (cocoapi, maskApi.c): runs go down the columns, zeros first; each run is
 * written as the difference to the run two before it, in groups of five bits from character 48 on.
 */
export function encodeRle(mask: Mask): Rle {
  const { data, width, height } = mask;
  const runs: number[] = [];
  let value = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (data[y * width + x] !== value) {
        runs.push(run);
        run = 0;
        value = 1 - value;
      }
      run++;
    }
  }
  runs.push(run);
  return { size: [height, width], counts: runs.map((count, i) => digits(count - before(runs, i))).join('') };
}

/** @throws RangeError when the runs do not fill the mask: a file that was cut or tampered with. */
export function decodeRle(rle: Rle): Mask {
  const [height, width] = rle.size;
  const data = new Uint8Array(width * height);
  const runs: number[] = [];
  let at = 0;
  for (let i = 0; i < rle.counts.length; ) {
    let difference = 0;
    let shift = 0;
    let code: number;
    do {
      code = rle.counts.charCodeAt(i++) - 48;
      difference |= (code & 31) << shift;
      shift += 5;
    } while (code & 32 && i < rle.counts.length);
    if (code & 16 && shift < 32) difference |= -1 << shift;
    const run = difference + before(runs, runs.length);
    if (run < 0 || at + run > data.length) break;
    if (runs.length % 2)
      for (let n = at; n < at + run; n++) data[(n % height) * width + Math.floor(n / height)] = 1;
    runs.push(run);
    at += run;
  }
  if (at !== data.length) throw new RangeError(`the runs of a mask cover ${at} of ${data.length} pixels`);
  return { data, width, height };
}

function before(runs: readonly number[], index: number): number {
  return index > 2 ? runs[index - 2]! : 0;
}

function digits(value: number): string {
  let text = '';
  let rest = value;
  for (;;) {
    let code = rest & 31;
    rest >>= 5;
    const more = code & 16 ? rest !== -1 : rest !== 0;
    if (more) code |= 32;
    text += String.fromCharCode(code + 48);
    if (!more) return text;
  }
}
