/**
 * Whether a model does what it was made for: ten drawings that ship with the project (models/self-check) and their
 * captions. Sizes and sha256 prove the weights; this proves that pictures and words reach them as in their training.
 */
import { readFile } from 'node:fs/promises';
import { changedCopies } from '../arithmetic/changed-copies.js';
import { dot } from '../arithmetic/vectors.js';
import { decode } from '../decoders/image.js';
import { projectPath } from '../paths.js';
import type {
  Encoder,
  FoundSegment,
  Highlighter,
  Pixels,
  Preprocessing,
  Segmenter,
  SegmenterInput,
} from '../types.js';
import type { Manifest } from './manifest.js';
import type { SelfCheck } from './self-check-results.js';

/**
 * A normalisation that does so many times better than the manifest's is the one that the model was trained with. Rightly
 * wired, none does more than 1.01 times as well (MobileNet v2 with label words; the embedded model .99); wired for another,
 * the right one does 1.15 times as well and more, though all twenty may be right: models bear other contrasts, the embedded
 * one the more, the longer it learns from pictures of any.
 */
const CLEARLY_BETTER = 1.1;

/** Of twenty; a model with words that is wired rightly finds all or nearly all. */
const LEAST_OF_WORDS = 18;
/** Label words know the labels of their classifier only, and that has seen photographs. */
const LEAST_OF_LABEL_WORDS = 9;
/** Of thirty changed copies. */
const LEAST_OF_COPIES = 24;
/** Of ten pictures; a segmenter of photographs may pass over drawings. */
const LEAST_WITH_SEGMENTS = 4;

/** Of segmenters that have classes for so many of the ten things, one at least must be found by its name. */
const NAMED_THINGS = 3;

const WRONG_SHOWN = 4;

/** What models are commonly trained with; the manifest's own is held against them. */
const NORMALISATIONS: Record<string, Pick<Preprocessing, 'mean' | 'std'>> = {
  'mean 0, std 1': { mean: [0, 0, 0], std: [1, 1, 1] },
  'mean 0.5, std 0.5': { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "CLIP's mean and std": {
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  "ImageNet's mean and std": { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};

/** Opens the same model by another manifest. */
type Reopen = (manifest: Manifest) => Promise<Encoder>;

/**
 * With words: each picture must find its own caption among the ten, and each caption its picture; no other common
 * normalisation may do clearly better. Without: changed copies of each picture must find it among the ten.
 */
export async function checkEncoder(encoder: Encoder, manifest: Manifest, reopen: Reopen): Promise<SelfCheck> {
  const { captions, pictures } = await testPictures(encoder.preprocessing);
  const vectors = await encoder.embed(pictures.map((pixels) => ({ pixels })));
  const seen = vectors.map(({ picture }) => picture);
  if (!encoder.embedTexts) return checkCopies(encoder, pictures, seen);
  const words = await encoder.embedTexts(captions);
  const { right, margin, wrong } = comparePairs(seen, words, captions);
  const least = manifest.family === 'label-words' ? LEAST_OF_LABEL_WORDS : LEAST_OF_WORDS;
  const better = await betterNormalisation(manifest, { pictures, words, margin, reopen });
  return {
    passed: right >= least && better === null,
    right,
    of: 2 * captions.length,
    least,
    asked: 'ten drawings find their captions, and ten captions their drawings',
    wrong: [...(better === null ? [] : [better]), ...wrong.slice(0, WRONG_SHOWN)],
    margin,
  };
}

/** A segmenter must give sound segments on some of the ten pictures, and name one of the things that it has a class for. */
export async function checkSegmenter(segmenter: Segmenter): Promise<SelfCheck> {
  const { captions, inputs } = await testInputs(segmenter.preprocessing, segmenter.closer);
  const found = await segmenter.segment(inputs);
  const labels = segmenter.labels && new Set(segmenter.labels);
  const faults = found.flatMap((segments) => segments.flatMap((segment) => segmentFaults(segment, labels)));
  const named = captions.map(thingOf).map((thing, index) => ({ thing, segments: found[index]! }));
  const nameable = named.filter(({ thing }) => labels?.has(thing));
  const isNamed = nameable.some(({ thing, segments }) => segments.some(({ label }) => label === thing));
  if (nameable.length >= NAMED_THINGS && !isNamed)
    faults.push(`none of ${nameable.map(({ thing }) => thing).join(', ')} found by that name`);
  const right = found.filter((segments) => segments.length > 0).length;
  return {
    passed: right >= LEAST_WITH_SEGMENTS && faults.length === 0,
    right,
    of: captions.length,
    least: LEAST_WITH_SEGMENTS,
    asked: 'drawings with at least one segment, and no segment that is none',
    wrong: [...new Set(faults)].slice(0, WRONG_SHOWN),
  };
}

/** A highlighter must point out, on some of the ten pictures, what their own captions say. */
export async function checkHighlighter(highlighter: Highlighter): Promise<SelfCheck> {
  const { captions, inputs } = await testInputs(highlighter.preprocessing);
  const found: (FoundSegment | null)[] = [];
  for (const [index, input] of inputs.entries())
    found.push(...(await highlighter.highlight([input], captions[index]!)));
  const faults = found.flatMap((segment) => (segment ? segmentFaults(segment, undefined) : []));
  const right = found.filter((segment) => segment !== null).length;
  return {
    passed: right >= LEAST_WITH_SEGMENTS && faults.length === 0,
    right,
    of: captions.length,
    least: LEAST_WITH_SEGMENTS,
    asked: 'drawings on which their captions point something out',
    wrong: [...new Set(faults)].slice(0, WRONG_SHOWN),
  };
}

/** "An alarm clock" → "clock". */
function thingOf(caption: string): string {
  return caption.slice(caption.lastIndexOf(' ') + 1);
}

function segmentFaults({ mask, score, label }: FoundSegment, labels: Set<string> | undefined): string[] {
  return [
    score >= 0 && score <= 1 ? '' : `a segment with the score ${score}`,
    mask.data.length === mask.width * mask.height && mask.data.includes(1) ? '' : 'a segment without a pixel',
    labels === undefined || (label !== undefined && labels.has(label)) ? '' : `the label ${label}`,
  ].filter(Boolean);
}

/** The ten pictures as an encoder wants them, and their captions in the same order. */
async function testPictures(rule: Preprocessing): Promise<{ captions: string[]; pictures: Pixels[] }> {
  const { captions, inputs } = await testInputs(rule);
  return { captions, pictures: inputs.map(({ pixels }) => pixels) };
}

/** The ten pictures as an index shows them to a segmenter: with their own sizes, and its form for a closer look. */
async function testInputs(
  rule: Preprocessing,
  closerRule?: Preprocessing,
): Promise<{ captions: string[]; inputs: SegmenterInput[] }> {
  const folder = projectPath('models/self-check');
  const listed: Record<string, string> = JSON.parse(await readFile(`${folder}/captions.json`, 'utf8'));
  const preprocessings = [rule, ...(closerRule ? [closerRule] : [])];
  const inputs = await Promise.all(
    Object.keys(listed).map(async (file) => {
      const { inputs, facts } = await decode(await readFile(`${folder}/${file}`), { preprocessings });
      const [pixels, closer] = inputs;
      const { width, height } = facts;
      return { pixels: pixels!, width, height, ...(closer ? { closer } : {}) };
    }),
  );
  return { captions: Object.values(listed), inputs };
}

interface Comparison {
  right: number;
  margin: number;
  wrong: string[];
}

/** Row i of one side belongs to row i of the other; both directions are asked. */
function comparePairs(
  pictures: readonly Float32Array[],
  texts: readonly Float32Array[],
  captions: readonly string[],
): Comparison {
  const asked = captions.flatMap((caption, own) => [
    { own, scores: texts.map((text) => dot(pictures[own]!, text)), say: `the drawing of "${caption}" finds` },
    {
      own,
      scores: pictures.map((picture) => dot(picture, texts[own]!)),
      say: `"${caption}" finds the drawing of`,
    },
  ]);
  const answers = asked.map(({ own, scores, say }) => {
    const rival = bestBut(scores, own);
    const margin = scores[own]! - scores[rival]!;
    return { margin, wrong: margin > 0 ? '' : `${say} "${captions[rival]}"` };
  });
  return {
    right: answers.filter(({ margin }) => margin > 0).length,
    margin: answers.reduce((sum, { margin }) => sum + margin, 0) / answers.length,
    wrong: answers.flatMap(({ wrong }) => wrong || []),
  };
}

function bestBut(scores: readonly number[], own: number): number {
  const others = scores.map((score, index) => (index === own ? Number.NEGATIVE_INFINITY : score));
  return others.indexOf(Math.max(...others));
}

interface AsTrained {
  pictures: readonly Pixels[];
  words: readonly Float32Array[];
  /** With the manifest's own normalisation. */
  margin: number;
  reopen: Reopen;
}

/** Names another common normalisation that does clearly better than the manifest's, or null. */
async function betterNormalisation(manifest: Manifest, trained: AsTrained): Promise<string | null> {
  const { pictures, words, margin, reopen } = trained;
  if (!('preprocessing' in manifest)) return null;
  let best = { name: '', margin: Number.NEGATIVE_INFINITY };
  for (const [name, normalisation] of Object.entries(NORMALISATIONS)) {
    if (isAlike(normalisation, manifest.preprocessing)) continue;
    const other = await reopen({
      ...manifest,
      preprocessing: { ...manifest.preprocessing, ...normalisation },
    });
    try {
      // Pictures are passed once for each graph: copies make sure that these are passed anew.
      const seen = await other.embed(pictures.map((pixels) => ({ pixels: { ...pixels } })));
      const compared = comparePairs(
        seen.map(({ picture }) => picture),
        words,
        words.map(String),
      );
      if (compared.margin > best.margin) best = { name, margin: compared.margin };
    } finally {
      await other.close();
    }
  }
  if (best.margin <= CLEARLY_BETTER * Math.max(margin, 0)) return null;
  return `with ${best.name} the right answers lie ${best.margin.toFixed(3)} before the wrong ones, with the manifest's ${margin.toFixed(3)}`;
}

/** Whether two normalisations differ by less than pictures would show. */
function isAlike(a: Pick<Preprocessing, 'mean' | 'std'>, b: Pick<Preprocessing, 'mean' | 'std'>): boolean {
  return [...a.mean, ...a.std].every(
    (value, index) => Math.abs(value - [...b.mean, ...b.std][index]!) < 0.03,
  );
}

async function checkCopies(
  encoder: Encoder,
  pictures: readonly Pixels[],
  originals: readonly Float32Array[],
): Promise<SelfCheck> {
  const copies = pictures.flatMap((picture, own) =>
    Object.entries(changedCopies(picture)).map(([change, pixels]) => ({ own, change, pixels })),
  );
  const seen = await encoder.embed(copies.map(({ pixels }) => ({ pixels })));
  const wrong: string[] = [];
  let margin = 0;
  for (const [index, { own, change }] of copies.entries()) {
    const scores = originals.map((vector) => dot(seen[index]!.picture, vector));
    const rival = bestBut(scores, own);
    margin += (scores[own]! - scores[rival]!) / copies.length;
    if (scores[own]! <= scores[rival]!)
      wrong.push(`drawing ${own + 1}, ${change}, finds drawing ${rival + 1}`);
  }
  const right = copies.length - wrong.length;
  return {
    passed: right >= LEAST_OF_COPIES,
    right,
    of: copies.length,
    least: LEAST_OF_COPIES,
    asked: 'shifted, enlarged and mirrored drawings find the one that they were made of',
    wrong: wrong.slice(0, WRONG_SHOWN),
    margin,
  };
}
