/** What the embedded model costs: bytes of its weights, and milliseconds with one thread. */
import { stat } from 'node:fs/promises';
import { preprocess } from '../../arithmetic/resampling.js';
import { cropVectors } from '../../cropping/segment-vectors.js';
import { openEncoder } from '../../models/families.js';
import { findModel, modelFiles } from '../../models/registry.js';
import type { Encoder } from '../../types.js';
import type { Figures } from '../figures.js';
import { median, secondsOf } from '../interleaved.js';
import { cleanIcon, type Icons } from '../scenes/icons.js';
import { denseVectors, ENCODER, SEGMENTER, textVectors, type Way, workingCopy } from './eyes.js';
import { labelOf } from './queries.js';
import type { SegmentScene } from './segment-scenes.js';

/** Runs that are timed, after a few for warmth. */
const RUNS = 100;
const WARMTH = 10;
/** Scenes whose segments are encoded in each way. */
const SCENES = 40;

export async function measureCost(icons: Icons): Promise<Figures> {
  const encoder = await openAlone();
  const concepts = icons.drawn.slice(0, RUNS + WARMTH);
  const pictures = concepts.map((concept) => preprocess(cleanIcon(icons, concept), encoder.preprocessing));
  const labels = concepts.map((concept) => labelOf(icons.concepts[concept]!));
  const image = await milliseconds(pictures, (pixels) => encoder.embed([{ pixels }]));
  const text = await milliseconds(labels, (label) => textVectors(encoder, [label]));
  await encoder.close();
  return {
    'embedded.bytes': await weightBytes(),
    'embedded.image_ms': median(image.slice(WARMTH)),
    'embedded.text_ms': median(text.slice(WARMTH)),
  };
}

/** Milliseconds a picture, from the pixels to the vectors of it and of all its segments, whose masks are known. */
export async function encodingCosts(scenes: readonly SegmentScene[]): Promise<Record<Way, number>> {
  const encoder = await openAlone();
  const some = scenes.slice(0, SCENES);
  const dense = ({ pixels, look }: SegmentScene): Promise<unknown> =>
    denseVectors(encoder, [pixels], [look.found]);
  const crops = ({ pixels, look }: SegmentScene): Promise<unknown> =>
    cropVectors({ batch: [workingCopy(encoder, pixels)], found: [look.found], encoder });
  const whole = ({ pixels }: SegmentScene): Promise<unknown> =>
    encoder.embed([{ pixels: preprocess(pixels, encoder.preprocessing) }]);
  await milliseconds(some.slice(0, WARMTH), crops);
  const [denseMs, cropMs, wholeMs] = [
    median(await milliseconds(some, dense)),
    median(await milliseconds(some, crops)),
    median(await milliseconds(some, whole)),
  ];
  const isMixed = encoder.poolsSegments && encoder.cropShare !== undefined;
  await encoder.close();
  const stored = isMixed ? denseMs + cropMs : encoder.poolsSegments ? denseMs : wholeMs + cropMs;
  return { dense: denseMs, crop: wholeMs + cropMs, stored };
}

function openAlone(): Promise<Encoder> {
  return openEncoder(ENCODER, { threads: 1, lanes: 1 });
}

async function milliseconds<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (const item of items) times.push(1000 * (await secondsOf(() => work(item))));
  return times;
}

/** Of every file that the encoder or the segmenter reads, each once. */
async function weightBytes(): Promise<number> {
  const entries = await Promise.all([ENCODER, SEGMENTER].map(findModel));
  const files = await Promise.all(entries.map((entry) => modelFiles(entry)));
  const paths = new Set(files.flatMap((paths) => Object.values(paths)));
  const sizes = await Promise.all([...paths].map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
