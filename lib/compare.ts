import pLimit from 'p-limit';
import { METRICS } from './arithmetic/distances.js';
import { defineConfig, type Settings } from './config.js';
import { sprite, tile } from './decoders/image.js';
import { LookbookError } from './errors.js';
import { type Compared, compareEncoders } from './exploring/evaluation/compare-encoders.js';
import { comparedMaps } from './exploring/evaluation/compared-maps.js';
import { FIRST } from './exploring/evaluation/evaluate.js';
import { labelsOf } from './exploring/evaluation/labels.js';
import type { ReadablePicture } from './exploring/evaluation/look-at-all.js';
import { partOf } from './exploring/evaluation/parts.js';
import { publishedBeside } from './exploring/evaluation/published.js';
import { finder } from './exploring/evaluation/tables.js';
import { scan } from './indexing/scan.js';
import { layerFaults } from './models/layers.js';
import { findModel, lackOf, modelFiles } from './models/registry.js';
import { projectRoot } from './paths.js';
import { imageIdOfBytes, readSource } from './picture-bytes.js';
import type { ComparedModel, CompareOptions, Comparison, ExamplePicture, Sprite } from './types.js';
import { counted } from './words.js';

/** Pictures that are edited where there are no labels. */
const EDITED = 50;
const READS_AT_ONCE = 4;
const TILE_PX = 72;
/** Of the work, where the pictures are laid out too. */
const PARTS = 10;

/**
 * Which model, which of its layers, which metric suits these pictures: every cell with its score by classes, or by edits
 * where there are none. Nothing is stored: all pictures are encoded by each model, in this process.
 * @param models names of encoders, or { encoder, layers: 'all' }.
 * @throws LookbookError when options, labels or pictures are none, or a model does not open; the signal's reason when it
 * was called off.
 */
export async function compare(
  models: readonly (string | ComparedModel)[],
  options: CompareOptions = {},
): Promise<Comparison> {
  const { images, device, allowPrivateUrls, metrics = METRICS, k = FIRST, maps = false } = options;
  const asked = models.map((model) => (typeof model === 'string' ? { encoder: model } : model));
  checkOptions(asked, options);
  await checkModels(asked);
  const settings = defineConfig({
    ...(images === undefined ? {} : { images }),
    ...(device === undefined ? {} : { device }),
    ...(allowPrivateUrls === undefined ? {} : { allowPrivateUrls }),
  });
  const { pictures, notes } = await readable(settings, options.signal);
  if (pictures.length < 2) throw tooFew(pictures.length, settings);
  const labels = await labelsOf(options.labels, pictures);
  const beside = options.published
    ? { published: [...options.published], notes: [] }
    : await publishedBeside(settings.images, metrics);
  const whole = { signal: options.signal, onProgress: inPercents(options.onProgress) };
  const compared = await compareEncoders(asked, {
    pictures,
    labels,
    metrics,
    k,
    edits: options.edits ?? EDITED,
    example: exampleRow(options.example, pictures),
    place: { device: settings.device },
    maps,
    signal: whole.signal,
    onProgress: maps ? (share) => whole.onProgress?.((share * (PARTS - 1)) / PARTS) : whole.onProgress,
  });
  const views = maps
    ? await comparedMaps(compared.laid, { pictures, of: labels?.of }, partOf(whole, PARTS - 1, PARTS))
    : undefined;
  return {
    pictures: pictures.length,
    k,
    ...(compared.labels ? { labels: compared.labels } : {}),
    models: compared.models,
    agreement: compared.agreement,
    ...(compared.lead ? { lead: compared.lead } : {}),
    published: beside.published,
    notes: [...notes, ...beside.notes, ...compared.notes],
    ...(views ? { maps: views } : {}),
    ...(await shown(compared, { pictures, of: labels?.of })),
  };
}

/** Told at every percent, not at every turn: a notebook draws each. */
function inPercents(tell: CompareOptions['onProgress']): CompareOptions['onProgress'] {
  if (!tell) return undefined;
  let told = -1;
  return (share) => {
    if (share < 1 && share - told < 0.01) return;
    told = share;
    tell(share);
  };
}

/** @throws LookbookError that lists every problem at once. */
function checkOptions(
  models: readonly ComparedModel[],
  { metrics, k, published, edits }: CompareOptions,
): void {
  const names = models.map(({ encoder }) => encoder);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  const unknown = (metrics ?? []).filter((metric) => !METRICS.includes(metric));
  const problems = [
    ...(models.length ? [] : ['no model']),
    ...(twice.length ? [`${twice.join(', ')} twice`] : []),
    ...(metrics?.length === 0 ? ['no metric'] : []),
    ...(unknown.length ? [`metrics ${unknown.join(', ')}, expected ${METRICS.join(', ')}`] : []),
    ...(models.some(({ layers }) => layers?.length === 0) ? ['a model with no layer'] : []),
    ...(k === undefined || (Number.isInteger(k) && k >= 1 && k <= 1000)
      ? []
      : [`k is ${k}, expected 1 to 1000`]),
    ...(edits === undefined || (Number.isInteger(edits) && edits >= 1)
      ? []
      : [`edits is ${edits}, expected 1 or more`]),
    ...((published ?? []).every(({ score }) => score >= 0 && score <= 100)
      ? []
      : ['a published score outside 0 to 100']),
  ];
  if (problems.length) {
    throw new LookbookError('compare', {
      what: 'this cannot be compared',
      got: problems.join('; '),
      expected: 'different models, each with a layer or more, and known metrics',
      mend: '`npm run models -- list` names the models.',
    });
  }
}

/**
 * What is wrong with the last model would else be told after the first ones have looked at all pictures.
 * @throws LookbookError of an unknown model, of missing weights that no hub has, and of unknown layers.
 */
async function checkModels(models: readonly ComparedModel[]): Promise<void> {
  const unknown: string[] = [];
  for (const { encoder, layers, dtype } of models) {
    const entry = await findModel(encoder);
    const { manifest } = entry;
    if (!manifest.hub) await modelFiles(entry, dtype);
    const { found } = await lackOf(entry, dtype);
    const named = Array.isArray(layers) ? layers : [];
    unknown.push(...(await layerFaults(manifest, named, found.image ?? undefined)));
  }
  if (unknown.length) {
    throw new LookbookError('compare', {
      what: 'these layers are not there',
      got: unknown.join('; '),
      mend: '`npm run models -- layers NAME` lists them; without layers the own vector of the model is compared.',
    });
  }
}

function tooFew(pictures: number, { images }: Settings): LookbookError {
  return new LookbookError('compare', {
    what: 'there is nothing to compare',
    got: `${counted(pictures, 'picture')} in ${images.join(', ')}`,
    expected: 'two or more',
    mend: 'Put pictures there, or name another folder.',
  });
}

/** Every different picture at the sources that can be decoded; equal files are one with several places. */
async function readable(
  { images, extensions, exclude, allowPrivateUrls }: Settings,
  signal: AbortSignal | undefined,
): Promise<{ pictures: ReadablePicture[]; notes: string[] }> {
  const found = await scan(images, { extensions, exclude, ...(signal ? { signal } : {}) });
  const options = { allowPrivateUrls, ...(signal ? { signal } : {}) };
  const turn = pLimit(READS_AT_ONCE);
  const read = await Promise.all(
    found.sources.map((source) =>
      turn(async () => {
        signal?.throwIfAborted();
        const bytes = await readSource(source, options).catch(() => null); // counted below
        // In small, yet in full: the head of a truncated file is whole.
        const isPicture = bytes && (await tile(bytes, 8).catch(() => null));
        return bytes && isPicture ? { source, imageId: imageIdOfBytes(bytes) } : null;
      }),
    ),
  );
  signal?.throwIfAborted();
  const byId = new Map<string, ReadablePicture>();
  for (const one of read) {
    if (!one) continue;
    const { imageId, source } = one;
    const { root, path, location } = source;
    const known = byId.get(imageId);
    byId.set(imageId, {
      imageId,
      places: [...(known?.places ?? []), { root, path }],
      locations: [...(known?.locations ?? []), location],
      read: known?.read ?? (() => readSource(source, options)),
    });
  }
  const failed = read.filter((one) => one === null).length + found.failed.length;
  return {
    // In an order of their own: where they lie and how they were found changes no figure.
    pictures: [...byId.values()].sort((a, b) => (a.imageId < b.imageId ? -1 : 1)),
    notes: failed
      ? [`${counted(failed, 'picture')} could not be read and ${failed === 1 ? 'was' : 'were'} left out.`]
      : [],
  };
}

function exampleRow(path: string | undefined, pictures: readonly ReadablePicture[]): number | undefined {
  if (path === undefined) return undefined;
  const row = finder(pictures, projectRoot)(path);
  if (row !== undefined) return row;
  throw new LookbookError('compare', {
    what: 'the example is none of the pictures',
    got: path,
    expected: 'the path of one of them',
    mend: 'Name another one, or leave it out for the most typical one.',
  });
}

/** The cells with the pictures of their example rows, each of them once in the sprite. */
async function shown(
  { cells, example }: Compared,
  { pictures, of }: { pictures: readonly ReadablePicture[]; of: readonly (readonly string[])[] | undefined },
): Promise<{ cells: Comparison['cells']; sprite?: Sprite }> {
  const rows = [...new Set([example, ...cells.flatMap(({ nearest }) => nearest)])];
  const tiles: Uint8Array[] = [];
  const tileAt = new Map<number, number>();
  for (const row of rows) {
    const made = await pictures[row]!.read()
      .then((bytes) => tile(bytes, TILE_PX))
      .catch(() => null); // gone since it was encoded: its path is shown
    if (!made) continue;
    tileAt.set(row, tiles.length);
    tiles.push(made);
  }
  const shownRow = (row: number): ExamplePicture => {
    const index = tileAt.get(row);
    return { path: pictures[row]!.locations[0]!, ...(index === undefined ? {} : { tile: index }) };
  };
  const wanted = of?.[example] ?? [];
  const isRight = (row: number): boolean => wanted.some((label) => of![row]!.includes(label));
  return {
    cells: cells.map(({ nearest, ...cell }) => ({
      ...cell,
      example: {
        query: shownRow(example),
        neighbours: nearest.map((row) => ({ ...shownRow(row), right: isRight(row) })),
      },
    })),
    ...(tiles.length ? { sprite: await sprite(tiles, TILE_PX) } : {}),
  };
}
