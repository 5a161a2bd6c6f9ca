import { basename, delimiter } from 'node:path';
import { LookbookError } from './errors.js';
import type { DtypeChoice } from './models/manifest.js';
import { DTYPE_CHOICES } from './models/registry.js';
import type { Device } from './onnx.js';
import { projectPath, projectRoot } from './paths.js';
import type { HnswSettings } from './types.js';

/** What a person may set; everything has a default. Paths count from the project's root. */
export interface LookbookConfig {
  /** Keeps lookbooks on one server apart (default: the project folder's name). */
  name?: string;
  /** A folder, several, files, or a .csv with a `path` column of files and http(s) URLs. */
  images?: string | readonly string[];
  /** File name endings that are read as pictures, without the dot. */
  extensions?: readonly string[];
  /** Globs below each folder that are left out: 'private/**', '*.thumb.jpg'. */
  exclude?: readonly string[];
  /** A name in models/, or hf:owner/name@revision of a model hub. */
  encoder?: string;
  /** Of encoders that list several: the layer whose output is the vector. */
  layer?: string | undefined;
  /**
   * Which form of the weights: fp32 (default), fp16 for GPUs or q8 with a loss where a model has them; int8 computes an
   * encoder's products in 8 bits, auto does so where a trial on 64 of your pictures says that it is as good and faster.
   */
  dtype?: DtypeChoice;
  /** A name in models/, several whose segments are put together, or null: whole pictures only. */
  segmenter?: string | readonly string[] | null;
  /** A name in models/ of a model that points out what words mean on hits without a fitting segment, or null: none. */
  highlighter?: string | null;
  /** Pictures per model run, or 'auto'. */
  batchSize?: number | 'auto';
  /** Limits additions per run; what is indexed already stays. */
  maxFiles?: number;
  /** Smaller segments do not count as answers, as a share of the picture. */
  minSegmentArea?: number;
  /** Folder of the masks. */
  masks?: string;
  /** A folder: embedded server; an http(s) URL: a Chroma elsewhere; flat:<folder> or memory: the exact store. */
  chroma?: string;
  hnsw?: HnswSettings;
  device?: Device;
  /** Which of several GPUs (cuda, dml). */
  deviceId?: number | undefined;
  /** Cores that one model run uses (default: all, or one where several runs go side by side). */
  threads?: number | undefined;
  /** Lets a run remove pictures even when a source is empty or most files are gone. */
  allowRemoval?: boolean;
  /** Lets URLs lead to addresses of this machine and of private networks. */
  allowPrivateUrls?: boolean;
  /** The words that the query notebook asks when its cell is not changed. */
  query?: string;
}

/** A config with every field set and checked. */
export interface Settings {
  name: string;
  images: string[];
  extensions: string[];
  exclude: string[];
  encoder: string;
  /** None: whole pictures only. */
  segmenter: string[];
  /** None: hits without a fitting segment are shown as they are. */
  highlighter: string | null;
  batchSize: number | 'auto';
  maxFiles: number;
  minSegmentArea: number;
  masks: string;
  chroma: string;
  hnsw: HnswSettings;
  device: Device;
  deviceId: number | undefined;
  threads: number | undefined;
  layer: string | undefined;
  dtype: DtypeChoice;
  allowRemoval: boolean;
  allowPrivateUrls: boolean;
  query: string;
}

const DEVICES: readonly Device[] = ['cpu', 'cuda', 'coreml', 'dml', 'webgpu'];

/**
 * Fills in the defaults; an environment variable LOOKBOOK_… wins over its field, for headless runs.
 * @throws LookbookError that lists every problem at once.
 */
export function defineConfig(
  config: LookbookConfig = {},
  environment: NodeJS.ProcessEnv = process.env,
): Settings {
  const set = { ...config, ...fromEnvironment(environment) };
  const settings: Settings = {
    name: set.name ?? defaultName(),
    images: (typeof set.images === 'string' ? [set.images] : [...(set.images ?? ['images'])]).map(
      projectPath,
    ),
    extensions: [
      ...(set.extensions ?? ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif', 'svg']),
    ].map((e) => String(e).toLowerCase().replace(/^\./, '')),
    exclude: [...(set.exclude ?? [])],
    encoder: set.encoder ?? 'pictoclip',
    segmenter: listed(set.segmenter === undefined ? 'pictoclip-segments' : set.segmenter),
    highlighter: set.highlighter ?? null,
    batchSize: set.batchSize ?? 'auto',
    maxFiles: set.maxFiles ?? Number.POSITIVE_INFINITY,
    minSegmentArea: set.minSegmentArea ?? 0.002,
    masks: projectPath(set.masks ?? 'masks'),
    chroma: storePath(set.chroma ?? '.lookbook/chroma'),
    hnsw: set.hnsw ?? {},
    device: set.device ?? 'cpu',
    deviceId: set.deviceId,
    threads: set.threads,
    layer: set.layer,
    dtype: set.dtype ?? 'fp32',
    allowRemoval: set.allowRemoval ?? false,
    allowPrivateUrls: set.allowPrivateUrls ?? false,
    query: set.query ?? 'red car',
  };
  const problems = [...emptyTexts(set), ...problemsOf(settings)];
  if (problems.length) {
    throw new LookbookError('config', {
      what: `the config has ${problems.length} problem${problems.length > 1 ? 's' : ''}`,
      got: problems.join('; '),
      mend: 'Change them in the config cell or in the LOOKBOOK_… variables.',
    });
  }
  return settings;
}

function listed(names: string | readonly string[] | null): string[] {
  // What is neither is told with the other problems.
  return names === null ? [] : [...new Set(Array.isArray(names) ? names : [names])];
}

function fromEnvironment(environment: NodeJS.ProcessEnv): LookbookConfig {
  const read = (name: string): string | undefined => environment[`LOOKBOOK_${name}`] || undefined;
  const images = read('IMAGES');
  const segmenter = read('SEGMENTER');
  const highlighter = read('HIGHLIGHTER');
  const maxFiles = read('MAX_FILES');
  const texts = {
    name: 'NAME',
    encoder: 'ENCODER',
    masks: 'MASKS',
    chroma: 'CHROMA',
    query: 'QUERY',
    layer: 'LAYER',
  } as const;
  const config: LookbookConfig = {};
  for (const [field, variable] of Object.entries(texts) as [keyof typeof texts, string][]) {
    const value = read(variable);
    if (value !== undefined) config[field] = value;
  }
  if (images !== undefined) config.images = images.split(delimiter).filter(Boolean);
  if (segmenter !== undefined)
    config.segmenter = segmenter === 'none' ? null : segmenter.split(',').map((name) => name.trim());
  if (highlighter !== undefined) config.highlighter = highlighter === 'none' ? null : highlighter;
  if (maxFiles !== undefined) config.maxFiles = Number(maxFiles);
  // Checked with the rest:
  const device = read('DEVICE');
  if (device !== undefined) config.device = device as Device;
  const dtype = read('DTYPE');
  if (dtype !== undefined) config.dtype = dtype as DtypeChoice;
  const deviceId = read('DEVICE_ID');
  if (deviceId !== undefined) config.deviceId = Number(deviceId);
  const threads = read('THREADS');
  if (threads !== undefined) config.threads = Number(threads);
  if (read('ALLOW_PRIVATE_URLS') === '1') config.allowPrivateUrls = true;
  return config;
}

function problemsOf(settings: Settings): string[] {
  const problems: string[] = [];
  const expect = (ok: boolean, field: string, got: unknown, expected: string): void => {
    const shown = typeof got === 'number' ? String(got) : JSON.stringify(got);
    if (!ok) problems.push(`${field} is ${shown}, expected ${expected}`);
  };
  const { name, images, batchSize, maxFiles, minSegmentArea } = settings;
  const { device, deviceId, threads, dtype, layer } = settings;
  expect(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name), 'name', name, '1-64 letters, digits, _ or -');
  expect(images.length > 0, 'images', images, 'at least one folder, file or .csv');
  expect(
    settings.extensions.length > 0 && settings.extensions.every((e) => /^[a-z0-9]+$/.test(e)),
    'extensions',
    settings.extensions,
    'endings such as jpg',
  );
  expect(settings.encoder !== '', 'encoder', settings.encoder, 'a name in models/ or hf:owner/name');
  expect(settings.segmenter.every(isName), 'segmenter', settings.segmenter, 'names in models/, or null');
  expect(
    settings.highlighter === null || isName(settings.highlighter),
    'highlighter',
    settings.highlighter,
    'a name in models/, or null',
  );
  expect(
    batchSize === 'auto' || (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 4096),
    'batchSize',
    batchSize,
    "'auto' or 1 to 4096",
  );
  expect(
    maxFiles === Number.POSITIVE_INFINITY || (Number.isInteger(maxFiles) && maxFiles >= 0),
    'maxFiles',
    maxFiles,
    'a whole number or Infinity',
  );
  expect(
    minSegmentArea >= 0 && minSegmentArea < 1,
    'minSegmentArea',
    minSegmentArea,
    'a share of the picture, 0 to 1',
  );
  expect(DEVICES.includes(device), 'device', device, DEVICES.join(' | '));
  expect(DTYPE_CHOICES.includes(dtype), 'dtype', dtype, DTYPE_CHOICES.join(' | '));
  expect(
    dtype !== 'int8' || device === 'cpu',
    'dtype',
    dtype,
    `another one on ${device}: 8 bits are for CPUs`,
  );
  expect(isCount(deviceId, 0), 'deviceId', deviceId, '0, 1, …');
  expect(isCount(threads, 1), 'threads', threads, '1 or more');
  expect(layer !== '', 'layer', layer, "one of the encoder's layers, or undefined");
  return problems;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: number | undefined, least: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= least && value < 1024);
}

/** An empty text would silently mean the project's own folder. */
function emptyTexts(config: LookbookConfig): string[] {
  const texts = {
    images: config.images,
    masks: config.masks,
    chroma: config.chroma,
    encoder: config.encoder,
  };
  return Object.entries(texts)
    .filter(([, value]) => (Array.isArray(value) ? value.includes('') : value === ''))
    .map(([field]) => `${field} is empty, expected a text (or undefined for the default)`);
}

/** Forms that the store knows by their first word pass as they are, also mistaken ones: it names them. */
function storePath(chroma: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(chroma) && !chroma.startsWith('flat:')) return chroma;
  return chroma.startsWith('flat:') ? `flat:${projectPath(chroma.slice(5))}` : projectPath(chroma);
}

function defaultName(): string {
  return (
    basename(projectRoot)
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 64) || 'lookbook'
  );
}
