import { maskAbove } from '../arithmetic/mask-logits.js';
import { pixelValues } from '../arithmetic/pixel-values.js';
import { isFiniteVector } from '../arithmetic/vectors.js';
import { openTogether } from '../closers.js';
import { LookbookError } from '../errors.js';
import { refuseMisfits } from '../graph-checks.js';
import { constantFeeds, inRuns } from '../graph-feeds.js';
import type { OpenFamily } from '../models/families.js';
import { fingerprintOf, greyPicture, placeOf } from '../models/identity.js';
import type { PromptedManifest } from '../models/manifest.js';
import { SMALLEST_AREA } from '../models/segment-limits.js';
import { openOnnxModel, type TensorData } from '../onnx.js';
import { loadTokenizer, type Tokens } from '../tokenizer.js';
import type { FoundSegment, Highlighter, Pixels } from '../types.js';

/** Raised when the map becomes a mask in another way. */
const VERSION = 1;

/** Pictures in one run: a question asks for ten at most. */
const PICTURES_PER_RUN = 5;

/** Words and pictures in one graph → a probability for each pixel that the words mean it (CLIPSeg). */
export const open: OpenFamily<PromptedManifest, Highlighter> = async (manifest, files, options) => {
  const { name, preprocessing, text, input, output, threshold, constants, batch } = manifest;
  // Before anything is open: an error here has nothing to close.
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const tokenizer = await loadTokenizer(text.tokenizer, files[text.tokenizer.file]!);
  const words = [text.inputs.ids, ...(text.inputs.mask ? [text.inputs.mask] : [])];
  const further = Object.entries(constants ?? {}).map(([constant, { type }]) => [constant, type]);

  const model = await openTogether(async (keep) => {
    const opened = await keep(openOnnxModel(files.image!, placeOf(options)));
    refuseMisfits(opened, {
      name,
      inputs: {
        ...Object.fromEntries([...further, ...words.map((word) => [word, text.idType])]),
        [input]: 'float32',
      },
      outputs: { [output]: null },
      batch: { input, size: batch },
      square: { input, size: preprocessing.size },
    });
    await mapsOf([greyPicture(preprocessing)], 'a', opened);
    return opened;
  });

  /** Logits of each picture, with their size. */
  async function mapsOf(
    pictures: readonly Pixels[],
    phrase: string,
    graph: typeof model,
  ): Promise<LogitMap[]> {
    const rows = batch ?? pictures.length;
    const full = Array.from({ length: rows }, (_, row) => pictures[Math.min(row, pictures.length - 1)]!);
    const tokens = tokenizer.tokenize(full.map(() => (text.prefix ?? '') + phrase));
    const results = await graph.run(
      {
        ...constantFeeds(constants, rows),
        ...wordFeeds(tokens, rows, text),
        [input]: { type: 'float32', ...pixelValues(full, preprocessing) },
      },
      [output],
    );
    return splitMaps(results[output], rows, manifest).slice(0, pictures.length);
  }

  return {
    name,
    fingerprint,
    preprocessing,
    async highlight(pictures, phrase) {
      const found: (FoundSegment | null)[] = [];
      for (const run of inRuns(pictures, batch ?? PICTURES_PER_RUN)) {
        const pixels = run.map((picture) => picture.pixels);
        const maps = await mapsOf(pixels, phrase, model);
        found.push(...maps.map((map) => segmentOf(map, phrase, threshold)));
      }
      return found;
    },
    close: () => model.close(),
  };
};

interface LogitMap {
  logits: Float32Array;
  width: number;
  height: number;
}

function wordFeeds(
  { ids, mask, length }: Tokens,
  rows: number,
  { inputs, idType }: PromptedManifest['text'],
): Record<string, TensorData> {
  const dims = [rows, length];
  const integers = (values: readonly number[]): TensorData =>
    idType === 'int64'
      ? { type: idType, data: BigInt64Array.from(values, BigInt), dims }
      : { type: idType, data: Int32Array.from(values), dims };
  return { [inputs.ids]: integers(ids), ...(inputs.mask ? { [inputs.mask]: integers(mask) } : {}) };
}

/**
 * [B, h, w], or [h, w] where the export leaves a batch of one out, → one map a picture.
 * @throws LookbookError when there is not one finite map a picture.
 */
function splitMaps(tensor: TensorData | undefined, rows: number, manifest: PromptedManifest): LogitMap[] {
  const [height = 0, width = 0] = tensor?.dims.slice(-2) ?? [];
  const isMaps = tensor?.type === 'float32' && tensor.data.length === rows * height * width && width > 0;
  if (!isMaps || !isFiniteVector(tensor.data)) {
    throw new LookbookError('highlighter', {
      what: `the output ${manifest.output} of ${manifest.name} is not usable`,
      got: isMaps ? 'numbers that are not finite' : `${tensor?.type ?? 'nothing'} [${tensor?.dims}]`,
      expected: `float32[${rows}, h, w], one map for each picture`,
      mend: 'Name another output in the manifest, or fetch the weights again.',
    });
  }
  return Array.from({ length: rows }, (_, row) => ({
    logits: tensor.data.subarray(row * height * width, (row + 1) * height * width),
    width,
    height,
  }));
}

/** The pixels above the threshold and their mean probability; null where they are too few to be anything. */
function segmentOf(map: LogitMap, label: string, threshold: number): FoundSegment | null {
  const mask = maskAbove(map.logits, map, Math.log(threshold / (1 - threshold)));
  let [pixels, sum] = [0, 0];
  for (let i = 0; i < mask.data.length; i++) {
    if (!mask.data[i]) continue;
    pixels++;
    sum += 1 / (1 + Math.exp(-map.logits[i]!));
  }
  return pixels >= SMALLEST_AREA * mask.data.length ? { mask, score: sum / pixels, label } : null;
}
