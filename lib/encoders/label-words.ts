import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { normalise } from '../arithmetic/vectors.js';
import { openTogether } from '../closers.js';
import { LookbookError } from '../errors.js';
import type { OpenFamily } from '../models/families.js';
import {
  checkedVectors,
  fingerprintOf,
  knownSha256,
  measuredOf,
  placeOf,
  probe,
} from '../models/identity.js';
import type { LabelWordsManifest } from '../models/manifest.js';
import { derivedPath } from '../paths.js';
import { openPictureGraph, type PictureGraph, vectorAt } from '../picture-graph.js';
import { openTextTower, type TextTower } from '../text-tower.js';
import type { Encoder } from '../types.js';
import { writeWhole } from '../whole-file.js';

/** Raised when labels are mixed in another way. */
const VERSION = 1;

const DIGEST_BYTES = 32;

/** Sentence vectors of the labels that are things, and which outputs of the classifier they belong to. */
export interface LabelVectors {
  /** float32[classes.length, dimension], rows L2-normalised. */
  block: Float32Array;
  dimension: number;
  /** Row → index of the output. */
  classes: readonly number[];
}

/**
 * Any classifier and any sentence encoder in one space of words (ConSE, Norouzi and others 2013): a picture is the mean
 * of its labels' sentence vectors, weighted by their probabilities; a text is its own sentence vector. What the
 * classifier has no label for is found through the labels that it is taken for.
 */
export const open: OpenFamily<LabelWordsManifest, Encoder> = async (manifest, files, options) => {
  const { name, dimension, output, preprocessing, text, temperature } = manifest;
  const place = placeOf(options);
  const labels = await readLabels(files[manifest.labels.file]!);
  const fingerprint = await fingerprintOf(manifest, files, VERSION);
  const { graph, texts, things } = await openTogether(async (keep) => {
    const graph = await keep(
      openPictureGraph(manifest, files.image!, { ...place, outputs: [output], added: options.added }),
    );
    refuseOtherCounts(labels, await classCount(graph, manifest), manifest);
    const texts = await keep(openTextTower(text, files, { name, dimension, ...place }));
    const classes = labels.map((_, index) => index).filter((index) => !isNoThing(index, manifest));
    const words = classes.map((index) => labels[index]!);
    const key = await labelKey(manifest, files);
    const block = await labelBlock(words, { texts, dimension, key });
    return { graph, texts, things: { block, dimension, classes } };
  });
  return probe({
    name,
    fingerprint,
    dimension,
    preprocessing,
    poolsSegments: false,
    ...measuredOf(manifest),
    async embed(pictures) {
      const looks = await graph.look(pictures.map(({ pixels }) => pixels));
      const vectors = looks.map((look) => mixLabels(vectorAt(look[output]!, manifest), things, temperature));
      return checkedVectors(vectors, manifest).map((picture) => ({ picture }));
    },
    embedTexts: (queries) => texts.embed(queries),
    cutOf: (query) => texts.cutOf(query),
    async close() {
      await Promise.all([graph.close(), texts.close()]);
    },
  });
};

/**
 * float32[outputs] → float32[dimension], L2-normalised: softmax(logits / temperature) over the labels that are things,
 * mixing their vectors. A high temperature lets the less probable labels speak too.
 */
export function mixLabels(logits: Float32Array, labels: LabelVectors, temperature: number): Float32Array {
  const { block, dimension, classes } = labels;
  const most = classes.reduce((best, index) => Math.max(best, logits[index]!), Number.NEGATIVE_INFINITY);
  const mixed = new Float32Array(dimension);
  // The sum of the weights is left out: the length is set to 1 in the end.
  for (const [row, index] of classes.entries()) {
    const weight = Math.exp((logits[index]! - most) / temperature);
    const start = row * dimension;
    for (let d = 0; d < dimension; d++) mixed[d]! += weight * block[start + d]!;
  }
  return normalise(mixed);
}

/** One label a line; the file may end with a line break. */
async function readLabels(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.trim());
}

function isNoThing(index: number, manifest: LabelWordsManifest): boolean {
  return manifest.labels.without?.includes(index) ?? false;
}

/** How many classes the output has, from a plain grey picture: a graph's own dims may leave it open. */
async function classCount(graph: PictureGraph, manifest: LabelWordsManifest): Promise<number> {
  const { size } = manifest.preprocessing;
  const grey = { data: new Uint8Array(size * size * 3).fill(128), width: size, height: size };
  const [look] = await graph.look([grey]);
  return vectorAt(look![manifest.output]!, manifest).length;
}

/** @throws LookbookError that lists all in which the labels and the classifier differ. */
function refuseOtherCounts(labels: readonly string[], classes: number, manifest: LabelWordsManifest): void {
  const beyond = (manifest.labels.without ?? []).filter((index) => index >= labels.length);
  const empty = labels.flatMap((label, index) => (label || isNoThing(index, manifest) ? [] : [index]));
  const faults = [
    ...(labels.length === classes ? [] : [`${labels.length} lines`]),
    ...(empty.length ? [`nothing on line ${empty.map((index) => index + 1).join(', ')}`] : []),
    ...(beyond.length ? [`no line of index ${beyond.join(', ')}, which labels.without names`] : []),
  ];
  if (faults.length === 0) return;
  throw new LookbookError('encoder', {
    what: `the labels of ${manifest.name} are not those of its classifier`,
    got: faults.join('; '),
    expected: `${classes} lines, one for each number of the output ${manifest.output}`,
    mend: `Fetch the file ${manifest.files[manifest.labels.file]?.path ?? 'of labels'} that belongs to the weights.`,
  });
}

/** Names what the labels' vectors depend on: the same for every way of looking at pictures. */
async function labelKey(
  { text, labels }: LabelWordsManifest,
  files: Record<string, string>,
): Promise<string> {
  const roles = [text.file, text.tokenizer.file, labels.file];
  const hashes = await Promise.all(roles.map((role) => knownSha256(files[role]!)));
  const rules = JSON.stringify([VERSION, text, labels, ...hashes]);
  return createHash('sha256').update(rules).digest('hex').slice(0, 32);
}

/**
 * float32[labels, dimension] from a file, or from the sentence encoder (a thousand labels take some seconds). The file
 * begins with the sha256 of the rest: one that was cut or changed is made again.
 */
async function labelBlock(
  labels: readonly string[],
  about: { texts: TextTower; dimension: number; key: string },
): Promise<Float32Array> {
  const { texts, dimension, key } = about;
  const path = derivedPath('label-words', `${key}.f32`);
  const stored = await readFile(path).catch(() => null); // no file yet, or none that can be read: it is made
  const values = stored?.subarray(DIGEST_BYTES);
  if (
    stored &&
    values?.length === labels.length * dimension * 4 &&
    digest(values).equals(stored.subarray(0, DIGEST_BYTES))
  )
    return new Float32Array(Uint8Array.from(values).buffer);
  const block = await encodeLabels(labels, texts, dimension);
  const bytes = new Uint8Array(block.buffer);
  await writeWhole(path, Buffer.concat([digest(bytes), bytes]));
  return block;
}

/** Labels of one length pass together: most of a mixed run would be padding (measured: 12.7 → 8.0 s of CPU for 1000). */
async function encodeLabels(
  labels: readonly string[],
  texts: TextTower,
  dimension: number,
): Promise<Float32Array> {
  const order = labels.map((_, row) => row).sort((a, b) => labels[a]!.length - labels[b]!.length);
  const vectors = await texts.embed(order.map((row) => labels[row]!));
  const block = new Float32Array(labels.length * dimension);
  for (const [at, row] of order.entries()) block.set(vectors[at]!, row * dimension);
  return block;
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
