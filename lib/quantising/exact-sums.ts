import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBriefly } from '../closers.js';
import { openOnnxModel } from '../onnx.js';
import { OnnxFile } from '../onnx-file.js';

const SIZE = 64;
/** The largest rounded activation and weight. */
const [ACTIVATION, WEIGHT] = [255, 127];
/** ONNX's numbers of the element types. */
const [FLOAT, UINT8, INT8] = [1, 2, 3];

let known: Promise<boolean> | undefined;

/**
 * Whether this CPU sums 8-bit products exactly. x86 without VNNI sums pairs of them in 16 bits (vpmaddubsw), which
 * overflow where both are large: its vectors would not be those of other machines.
 */
export function sumsExactly(): Promise<boolean> {
  known ??= largestSum()
    .then((sum) => sum === SIZE * ACTIVATION * WEIGHT)
    .catch((error: unknown) => {
      known = undefined; // what failed once may pass the next time
      throw error;
    });
  return known;
}

/** What the runtime makes of a product of the largest numbers there are. */
async function largestSum(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-int8-'));
  try {
    const file = new OnnxFile();
    const x = file.input('x', 'float32', [SIZE, SIZE]);
    const weights = file.weight([SIZE, SIZE], (count) => new Float32Array(count).fill(WEIGHT));
    const activation = file.node('Cast', [x], { to: { int: UINT8 } });
    const sums = file.node('MatMulInteger', [
      activation,
      file.node('Cast', [weights], { to: { int: INT8 } }),
    ]);
    file.node('Cast', [sums], { to: { int: FLOAT } }, 'sums');
    file.output('sums', 'float32', [SIZE, SIZE]);
    const path = join(folder, 'largest.onnx');
    await file.write(path);
    return await openBriefly(async (keep) => {
      const model = await keep(openOnnxModel(path));
      const data = new Float32Array(SIZE * SIZE).fill(ACTIVATION);
      const { sums: answer } = await model.run({ x: { type: 'float32', data, dims: [SIZE, SIZE] } }, [
        'sums',
      ]);
      return Number(answer?.data[0]);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
