/**
 * What decoding in processes of their own costs: images/s against libvips alone in this process, with as many calls
 * under way as it can use, as fast as it goes and as finely as we ask for it, on large photographs, small ones and drawings.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { decode } from '../../decoders/image.js';
import { fromPixels, opaque, open, raw } from '../../decoders/libvips.js';
import { perform } from '../../decoders/tasks.js';
import { scan } from '../../indexing/scan.js';
import type { Preprocessing } from '../../types.js';
import { PREPROCESSING } from '../clip-b32.js';
import { writePhotographs } from '../clip-b32-workshop.js';
import type { Figures, Measure } from '../figures.js';
import { interleaved, median, secondsOf } from '../interleaved.js';
import { openWorkplace, writePictures } from '../many-pictures.js';

const ROUNDS = 5;
const SMALL = 150;
const LARGE = 12;
/** Sides of a camera's picture of 24 million pixels. */
const [WIDTH, HEIGHT] = [6000, 4000];

export const measure: Measure = async (say) => {
  const place = await openWorkplace();
  try {
    const [photographs, drawings] = [join(place.folder, 'photographs'), place.pictures];
    await mkdir(photographs);
    await writePhotographs(photographs, SMALL, say);
    await writePictures(drawings, 0, SMALL);
    const large = await largePhotograph();
    return {
      ...(await compared('decode', Array<Uint8Array>(LARGE).fill(large), say)),
      ...(await compared('decode.photographs', await bytesIn(photographs), say)),
      ...(await compared('decode.drawings', await bytesIn(drawings), say)),
    };
  } finally {
    await place.remove();
  }
};

async function compared(
  figure: string,
  pictures: readonly Uint8Array[],
  say: (line: string) => void,
): Promise<Figures> {
  const wanted = { preprocessings: [PREPROCESSING] };
  const seconds = await interleaved(
    {
      sharp: () => all(pictures, (bytes) => alone(bytes, PREPROCESSING)),
      fine: () => all(pictures, (bytes) => alone(bytes, PREPROCESSING, { fastShrinkOnLoad: false })),
      here: () => all(pictures, (bytes) => perform({ kind: 'read', wanted }, bytes, async () => undefined)),
      apart: () => all(pictures, (bytes) => decode(bytes, wanted)),
    },
    ROUNDS,
  );
  const ratio = (other: readonly number[]): number =>
    median(other.map((value, n) => value / seconds.apart[n]!));
  const perSecond = pictures.length / median(seconds.apart);
  say(`${figure}: ${perSecond.toFixed(1)} images/s in processes of their own`);
  return {
    [`${figure}.vs_sharp`]: ratio(seconds.sharp),
    [`${figure}.vs_sharp_as_fine`]: ratio(seconds.fine),
    [`${figure}.vs_this_process`]: ratio(seconds.here),
  };
}

/** Wall seconds; twice as many under way as there are cores, so that none of them waits. */
function all(
  pictures: readonly Uint8Array[],
  work: (bytes: Uint8Array) => Promise<unknown>,
): Promise<number> {
  const turn = pLimit(2 * availableParallelism());
  return secondsOf(() => Promise.all(pictures.map((bytes) => turn(() => work(bytes)))));
}

/**
 * The least that anybody would do with sharp: upright, over white, shrunk, pixels. A JPEG is shrunk by libjpeg nearly to its
 * end unless `fastShrinkOnLoad` is false: then the kernel has a factor of two to do, as resizing.ts asks for it.
 */
function alone(
  bytes: Uint8Array,
  { size }: Preprocessing,
  options: { fastShrinkOnLoad?: boolean } = {},
): Promise<unknown> {
  return raw(opaque(open(bytes)).resize(size, size, { fit: 'cover', kernel: 'cubic', ...options }));
}

async function bytesIn(folder: string): Promise<Uint8Array[]> {
  const { sources } = await scan([folder], { extensions: ['jpg', 'jpeg', 'png', 'webp'], exclude: [] });
  return Promise.all(sources.map(({ location }) => readFile(location)));
}

async function largePhotograph(): Promise<Uint8Array> {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0, at = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      data[at++] = 128 + 80 * Math.sin(x / 37) + ((x * y) & 31);
      data[at++] = 128 + 80 * Math.sin(y / 51 + x / 300);
      data[at++] = ((x >> 3) ^ (y >> 3)) & 255;
    }
  return fromPixels({ data, width: WIDTH, height: HEIGHT }).jpeg({ quality: 88 }).toBuffer();
}
