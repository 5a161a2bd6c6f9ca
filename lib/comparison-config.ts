import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { METRICS } from './arithmetic/distances.js';
import { defineConfig } from './config.js';
import { LookbookError } from './errors.js';
import type { ComparedModel, CompareOptions, LabelTable, Metric, QueryTable } from './types.js';

/** What a person may set of a comparison; everything has a default. Paths count from the project's root. */
export interface ComparisonConfig {
  /** 'name', 'name#layer#layer', 'name#all', or { encoder, layers } (default: pictoclip with all of its layers). */
  models?: readonly (string | ComparedModel)[];
  /** A folder, several, files, or a .csv with a `path` column. */
  images?: string | readonly string[] | undefined;
  /** As of compare; undefined: labels.json or labels.csv in one of the image folders, else the names of folders. */
  labels?: string | LabelTable | null | undefined;
  /** As of evaluate; undefined: queries.json or queries.csv in one of the image folders, else none; null: none. */
  queries?: string | QueryTable | null | undefined;
  metrics?: readonly Metric[] | undefined;
  /** How many of the first count for precision (default 10). */
  k?: number | undefined;
  /** Pictures that are edited where there are no labels (default 50). */
  edits?: number | undefined;
  device?: CompareOptions['device'];
}

/** What `compare` takes, and what `evaluate` takes of it. */
export interface ComparisonSettings extends CompareOptions {
  models: readonly ComparedModel[];
  images: readonly string[];
  metrics: readonly Metric[];
  queries?: string | QueryTable;
}

const ENDINGS = ['json', 'csv'];

/**
 * Fills in the defaults; LOOKBOOK_COMPARE_MODELS, LOOKBOOK_COMPARE_METRICS (both with commas), LOOKBOOK_IMAGES,
 * LOOKBOOK_LABELS and LOOKBOOK_QUERIES (a file, or none) win over their fields.
 * @throws LookbookError when no model or an unknown metric is named.
 */
export function defineComparison(
  config: ComparisonConfig = {},
  environment: NodeJS.ProcessEnv = process.env,
): ComparisonSettings {
  const read = (name: string): string | undefined => environment[`LOOKBOOK_${name}`] || undefined;
  const { images } = defineConfig(config.images === undefined ? {} : { images: config.images }, environment);
  const models = listed(read('COMPARE_MODELS')) ?? config.models ?? ['pictoclip#all'];
  const metrics = (listed(read('COMPARE_METRICS')) as Metric[] | undefined) ?? config.metrics ?? METRICS;
  refuseOthers(models, metrics);
  const labels = read('LABELS') ?? config.labels;
  const queries = read('QUERIES') ?? config.queries;
  // Leaving them out takes what lies beside the pictures.
  const isNone = (wish: unknown): boolean => wish === null || wish === 'none';
  const beside = {
    labels: filesBeside(images, 'labels')[0],
    queries: filesBeside(images, 'queries').find(isOfThese),
  };
  const ownLabels = isNone(labels) ? null : (labels ?? beside.labels);
  const ownQueries = isNone(queries) ? undefined : (queries ?? beside.queries);
  return {
    models: models.map(modelOf),
    images,
    metrics,
    ...(ownLabels === undefined ? {} : { labels: ownLabels }),
    ...(ownQueries ? { queries: ownQueries } : {}),
    ...(config.k === undefined ? {} : { k: config.k }),
    ...(config.edits === undefined ? {} : { edits: config.edits }),
    ...(config.device === undefined ? {} : { device: config.device }),
  };
}

function listed(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** 'name#layer#layer' → its parts; tensors have all other signs in their names. */
function modelOf(model: string | ComparedModel): ComparedModel {
  if (typeof model !== 'string') return model;
  const [encoder = '', ...layers] = model.split('#');
  if (!layers.length) return { encoder };
  return { encoder, layers: layers.includes('all') ? 'all' : layers };
}

function filesBeside(images: readonly string[], name: string): string[] {
  return images
    .filter((path) => existsSync(path) && statSync(path).isDirectory())
    .flatMap((folder) => ENDINGS.map((ending) => join(folder, `${name}.${ending}`)))
    .filter((path) => existsSync(path));
}

/** Whether a file of queries still has a picture beside it: those of the demo stay when its pictures are deleted. */
function isOfThese(file: string): boolean {
  if (!file.endsWith('.json')) return true;
  try {
    const table: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const paths = Object.values(table ?? {}).flat();
    return paths.some((path) => typeof path === 'string' && existsSync(resolve(dirname(file), path)));
  } catch {
    return true; // whoever reads it says what is wrong with it
  }
}

function refuseOthers(models: readonly unknown[], metrics: readonly string[]): void {
  const unknown = metrics.filter((metric) => !(METRICS as readonly string[]).includes(metric));
  const problems = [
    ...(models.length ? [] : ['no model']),
    ...(metrics.length ? [] : ['no metric']),
    ...(unknown.length ? [`metrics ${unknown.join(', ')}, expected ${METRICS.join(', ')}`] : []),
  ];
  if (!problems.length) return;
  throw new LookbookError('config', {
    what: 'this cannot be compared',
    got: problems.join('; '),
    mend: 'Change them in the config cell or in the LOOKBOOK_COMPARE_… variables.',
  });
}
