import { drawn } from '../../arithmetic/bootstrap.js';
import { METRICS } from '../../arithmetic/distances.js';
import { seeded } from '../../arithmetic/seeded.js';
import { LookbookError } from '../../errors.js';
import { readStored } from '../../picture-bytes.js';
import { placesOf } from '../../rows.js';
import { type Turns, turnTaker } from '../../turns.js';
import type { Encoder, EvaluateOptions, Evaluation, Place, VectorCollection } from '../../types.js';
import { counted } from '../../words.js';
import { type EditedRow, editedForms, editFigures } from './by-edits.js';
import { byLabels } from './by-labels.js';
import { byQueries, type WordSearch } from './by-queries.js';
import { labelsOf } from './labels.js';
import { partOf } from './parts.js';
import type { Space } from './space.js';
import type { Placed } from './tables.js';

/** What is evaluated, and how its files are read. */
export interface EvaluationSources {
  /** The lookbook's name. */
  name: string;
  encoder: Encoder;
  layer?: string | undefined;
  pictures: VectorCollection;
  allowPrivateUrls: boolean;
  /** A place as a person can open it. */
  locate(place: Place): string;
  /** The search as it stands. */
  find: WordSearch['find'];
}

/** Of `k` where nobody names it. */
export const FIRST = 10;

/** Pictures that are edited where there is nothing else to go by: an interval then is ±10 of 100 at most. */
const EDITED = 100;

/**
 * What a lookbook's vectors are worth on its own pictures: by classes, by words that must find pictures, by edits. All
 * vectors are read at once: 10,000 pictures of 512 numbers take 20 MB; at most 2,000 of them ask.
 * @throws LookbookError when options, labels or queries are none, or there are too few pictures to tell anything; the
 * signal's reason when it was called off.
 */
export async function evaluate(
  sources: EvaluationSources,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkOptions(options);
  const { encoder, layer, name } = sources;
  const { metric = 'cosine', k = FIRST, queries, signal } = options;
  const { pictures, vectors } = await gather(sources, signal);
  if (pictures.length < 2) throw tooFew(pictures.length);
  const space: Space = { vectors, dimension: encoder.dimension, metric };
  const labels = await labelsOf(options.labels, pictures);
  const edits = options.edits ?? (labels || queries ? 0 : EDITED);
  const evaluation: Evaluation = {
    lookbook: name,
    encoder: encoder.name,
    ...(layer === undefined ? {} : { layer }),
    dimension: encoder.dimension,
    pictures: pictures.length,
    metric,
    k,
    notes: [],
  };
  const parts: ((watch: Turns) => Promise<void>)[] = [];
  // First what a person wrote: when it is wrong, it is told at once.
  if (queries !== undefined)
    parts.push(async (watch) => {
      const search = { find: sources.find, ...(encoder.embedTexts ? {} : { wordless: encoder.name }) };
      evaluation.queries = await byQueries(queries, { pictures, search }, { k, ...watch });
    });
  if (labels)
    parts.push(async (watch) => {
      const { figures, notes } = await byLabels(space, labels, { k, ...watch });
      evaluation.labels = figures;
      evaluation.notes.push(...notes);
    });
  if (edits > 0)
    parts.push(async (watch) => {
      const { rows, notes } = await editRows(edits, { pictures, sources }, watch);
      evaluation.edits = await editFigures(space, rows, partOf(watch, 1, 2));
      evaluation.notes.push(...notes);
    });
  for (const [part, work] of parts.entries()) await work(partOf(options, part, parts.length));
  if (!labels && options.labels === undefined)
    evaluation.notes.push('No folders tell these pictures apart, so there are no classes to go by.');
  return evaluation;
}

/** @throws LookbookError that lists every problem at once. */
function checkOptions({ metric, k, edits }: EvaluateOptions): void {
  const problems = [
    ...(metric === undefined || METRICS.includes(metric)
      ? []
      : [`metric is ${JSON.stringify(metric)}, expected ${METRICS.join(', ')}`]),
    ...(k === undefined || (Number.isInteger(k) && k >= 1 && k <= 1000)
      ? []
      : [`k is ${k}, expected 1 to 1000`]),
    ...(edits === undefined || (Number.isInteger(edits) && edits >= 0)
      ? []
      : [`edits is ${edits}, expected a number of pictures`]),
  ];
  if (problems.length) {
    throw new LookbookError('evaluate', {
      what: 'this cannot be evaluated',
      got: problems.join('; '),
      mend: 'Leave them out for cosine, 10, and edits only where there is nothing else.',
    });
  }
}

function tooFew(pictures: number): LookbookError {
  return new LookbookError('evaluate', {
    what: 'there is nothing to compare',
    got: counted(pictures, 'picture'),
    expected: 'two or more',
    mend: 'Run 01-index with the same NAME, ENCODER and CHROMA and with more pictures first.',
  });
}

async function gather(
  { pictures, locate }: EvaluationSources,
  signal: AbortSignal | undefined,
): Promise<{ pictures: Placed[]; vectors: Float32Array }> {
  const { dimension } = pictures;
  const vectors = new Float32Array(dimension * (await pictures.count()));
  const found: Placed[] = [];
  for await (const page of pictures.pages({ vectors: true })) {
    signal?.throwIfAborted();
    for (const { id, vector, metadata } of page) {
      const at = found.length * dimension;
      // More than were counted: an index run has added some since.
      if (!vector || at >= vectors.length) continue;
      vectors.set(vector, at);
      const places = placesOf(metadata);
      found.push({ imageId: id, places, locations: places.map(locate) });
    }
  }
  return { pictures: found, vectors: vectors.subarray(0, found.length * dimension) };
}

/** Edits some pictures, the same with every call, and looks at them. */
async function editRows(
  most: number,
  { pictures, sources }: { pictures: readonly Placed[]; sources: EvaluationSources },
  watch: Turns,
): Promise<{ rows: EditedRow[]; notes: string[] }> {
  const { encoder, allowPrivateUrls } = sources;
  const random = seeded(1);
  const turn = turnTaker(partOf(watch, 0, 2));
  const rows: EditedRow[] = [];
  const chosen = drawn(
    pictures.map((_, row) => row),
    most,
    random,
  );
  for (const [at, row] of chosen.entries()) {
    await turn(at / chosen.length);
    const { imageId, locations } = pictures[row]!;
    const bytes = await readStored(imageId, locations, { allowPrivateUrls });
    if (!bytes) continue;
    const forms = await editedForms(bytes, encoder.preprocessing, random);
    const embedded = await encoder.embed(forms.map((pixels) => ({ pixels })));
    rows.push({ row, vectors: embedded.map(({ picture }) => picture) });
  }
  const gone = chosen.length - rows.length;
  return {
    rows,
    notes: gone ? [`${counted(gone, 'picture')} could not be edited: gone or changed since.`] : [],
  };
}
