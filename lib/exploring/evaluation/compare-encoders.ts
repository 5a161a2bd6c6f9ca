/** Several models, their layers and metrics on the same pictures. */
import { bootstrapMean, drawn } from '../../arithmetic/bootstrap.js';
import { seeded } from '../../arithmetic/seeded.js';
import { openTogether } from '../../closers.js';
import { openEncoder } from '../../models/families.js';
import type { OpenOptions } from '../../models/identity.js';
import { listedLayers } from '../../models/layers.js';
import { filesOf, findModel } from '../../models/registry.js';
import type { Turns } from '../../turns.js';
import type { ComparedModel, Comparison, ComparisonCell, Encoder, Metric } from '../../types.js';
import { agreement } from './agreement.js';
import { type EditedRow, editFigures } from './by-edits.js';
import { chanceOf, sampled } from './by-labels.js';
import type { SeenLayer } from './compared-maps.js';
import { alikeOf, fewerThan, isOfLengthOne, layerName } from './compared-notes.js';
import { type Labels, sizesOf } from './labels.js';
import { lookAtAll, type ReadablePicture } from './look-at-all.js';
import { partOf } from './parts.js';
import { measureRows, NEAREST, type RowFigures, rankRows, type Space } from './space.js';
import { type Extremes, extremesOf, laidOf, leadOf, type Measured } from './standing.js';

/** Pictures whose neighbours are compared between models; more make it surer by little. */
const COMPARED = 500;

/** What all cells have in common. */
export interface CompareWork extends Turns {
  pictures: readonly ReadablePicture[];
  /** Null: cells are compared by edits. */
  labels: Labels | null;
  metrics: readonly Metric[];
  k: number;
  /** Pictures that are edited where there are no labels. */
  edits: number;
  /** The row that the example rows ask with; the most typical one where it is missing. */
  example: number | undefined;
  /** Whether the vectors of two layers outlive the comparison, to be laid out. */
  maps: boolean;
  place: OpenOptions;
}

/** A comparison whose example rows name rows of the pictures. */
export interface Compared extends Pick<Comparison, 'models' | 'agreement' | 'lead' | 'notes' | 'labels'> {
  cells: (Omit<ComparisonCell, 'example'> & { nearest: readonly number[] })[];
  example: number;
  /** The two that are laid out, where that was asked for. */
  laid: SeenLayer[];
}

/** One layer of a model with the vectors of all pictures, and of the edited ones. */
interface Seen extends SeenLayer {
  edited: EditedRow[];
}

/**
 * Every layer of every model by every metric: the pictures are encoded once for each model, whose layers share the pass.
 * Vectors of one model at a time are held: 10,000 pictures take 4 MB for each hundred numbers of all its layers; for
 * maps two layers of each model stay.
 * @throws LookbookError when a model does not open or a layer is unknown; the signal's reason when it was called off.
 */
export async function compareEncoders(
  models: readonly ComparedModel[],
  work: CompareWork,
): Promise<Compared> {
  const { labels, metrics, k } = work;
  const facts: Comparison['models'] = [];
  const measured: Measured[] = [];
  const extremes: Extremes[] = [];
  const plain: string[] = [];
  for (const [at, model] of models.entries()) {
    const watch = partOf(work, at, models.length);
    const { seen, ...fact } = await lookWith(model, work, partOf(watch, 0, 2));
    facts.push(fact);
    plain.push(...seen.filter(isOfLengthOne).map(layerName));
    const cells = seen.flatMap((layer) => metrics.map((metric) => ({ layer, metric })));
    for (const [n, { layer, metric }] of cells.entries()) {
      const isCompared = n === 0 && models.length > 1;
      const part = partOf(partOf(watch, 1, 2), n, cells.length);
      measured.push(await measure(layer, { metric, isCompared }, { ...work, ...part }));
    }
    if (work.maps) extremes.push(extremesOf(seen, measured.slice(-cells.length)));
  }
  const [first] = measured;
  const queries = first?.rows?.queries;
  const example = exampleOf(work) ?? typical(measured);
  const at = queries?.indexOf(example) ?? -1;
  return {
    models: facts,
    cells: measured.map(({ cell, rows, nearest }) => ({
      ...cell,
      nearest: nearest ?? [...rows!.nearest[at]!.subarray(0, NEAREST)],
    })),
    example,
    agreement: agreements(measured, k),
    ...(labels && queries
      ? {
          labels: {
            from: labels.from,
            classes: sizesOf(labels.of).size,
            chance: chanceOf(queries, labels.of),
          },
        }
      : {}),
    ...leadOf(measured),
    laid: laidOf(extremes),
    notes: [
      ...(labels?.notes ?? []),
      ...(first?.rows ? sampled(first.rows) : []),
      ...fewerThan(k, work.pictures.length),
      ...(metrics.length > 1 && plain.length ? [alikeOf(plain)] : []),
    ],
  };
}

/** Opens a model with its layers, shows it all pictures and closes it. */
async function lookWith(
  model: ComparedModel,
  { pictures, labels, edits, place }: CompareWork,
  watch: Turns,
): Promise<Comparison['models'][number] & { seen: Seen[] }> {
  const { encoder: name, dtype = 'fp32' } = model;
  const layers = await layersOf(model);
  const beside = layers.filter((layer) => layer !== null);
  const open = (layer: string | null): Promise<Encoder> =>
    openEncoder(name, { ...place, dtype, beside, ...(layer === null ? {} : { layer }) });
  // All are open together: they share one graph, and a picture passes it once.
  const encoders = await openTogether((keep) => Promise.all(layers.map((layer) => keep(open(layer)))));
  try {
    const rows = labels ? [] : drawn([...pictures.keys()], edits, seeded(1));
    const looked = await lookAtAll(encoders, { pictures, edited: rows }, watch);
    return {
      encoder: name,
      msPerPicture: looked.msPerPicture,
      bytes: await bytesOf(model),
      seen: encoders.map(({ dimension }, at) => ({
        encoder: name,
        layer: layers[at]!,
        dimension,
        vectors: looked.vectors[at]!,
        edited: looked.edited[at]!,
      })),
    };
  } finally {
    await Promise.all(encoders.map((encoder) => encoder.close()));
  }
}

/** Its own vector first, where `layers` is missing or 'all'. */
async function layersOf({ encoder, layers }: ComparedModel): Promise<(string | null)[]> {
  if (layers === undefined) return [null];
  if (layers !== 'all') return [...layers];
  const { manifest } = await findModel(encoder);
  return [null, ...listedLayers(manifest)];
}

/** Of all files that the model needs, as its manifest says. */
async function bytesOf({ encoder, dtype = 'fp32' }: ComparedModel): Promise<number> {
  const { manifest } = await findModel(encoder);
  return Object.values(filesOf(manifest, dtype)).reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
}

async function measure(
  { encoder, layer, dimension, vectors, edited }: Seen,
  { metric, isCompared }: { metric: Metric; isCompared: boolean },
  work: CompareWork,
): Promise<Measured> {
  const { labels, k, pictures } = work;
  const space: Space = { vectors, dimension, metric };
  const example = exampleOf(work);
  const asking = isCompared ? drawn([...pictures.keys()], COMPARED, seeded(1)) : [];
  const rows = labels && (await measureRows(space, labels.of, work));
  return {
    cell: {
      encoder,
      layer,
      metric,
      dimension,
      ...(rows ? scoresOf(rows) : { edits: await editFigures(space, edited, work) }),
    },
    rows,
    nearest: example === undefined ? null : (await nearestOf([example], space, NEAREST))[0]!,
    rankings: isCompared ? await nearestOf(asking, space, k) : null,
  };
}

function scoresOf(rows: RowFigures): Pick<ComparisonCell, 'score' | 'precision' | 'averagePrecision'> {
  return {
    score: bootstrapMean(rows.score),
    precision: bootstrapMean(rows.precision),
    averagePrecision: bootstrapMean(rows.averagePrecision),
  };
}

/** Where it is known before anything is measured: as wished, and without labels simply the first picture. */
function exampleOf({ example, labels }: CompareWork): number | undefined {
  return example ?? (labels ? undefined : 0);
}

/** The row whose scores come closest to the means of all cells: an example that flatters none. */
function typical(measured: readonly Measured[]): number {
  const [first] = measured;
  if (!first?.rows) return 0;
  let best = { row: 0, far: Number.POSITIVE_INFINITY };
  for (const [at, row] of first.rows.queries.entries()) {
    const far = measured.reduce((sum, { cell, rows }) => sum + (rows!.score[at]! - cell.score!.mean) ** 2, 0);
    if (far < best.far) best = { row, far };
  }
  return best.row;
}

/** The k nearest other rows of each of some rows, nearest first. */
async function nearestOf(rows: readonly number[], space: Space, k: number): Promise<number[][]> {
  const nearest: number[][] = [];
  await rankRows(space, rows, {
    visit: (order, row) => nearest.push([...order.filter((other) => other !== row).subarray(0, k)]),
  });
  return nearest;
}

/** Of each pair of models, by their first cells. */
function agreements(measured: readonly Measured[], k: number): Comparison['agreement'] {
  const firsts = measured.flatMap(({ rankings }, at) => (rankings ? [{ at, rankings }] : []));
  return firsts.flatMap((a, n) =>
    firsts.slice(n + 1).map((b) => ({ a: a.at, b: b.at, overlap: agreement(a.rankings, b.rankings, k) })),
  );
}
