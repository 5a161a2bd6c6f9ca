/**
 * From the config's dtype to the form in which an encoder is opened, and what a collection remembers of it. `auto` is
 * there for who asks, and not the default: what manifests say of scores and duplicates was measured in fp32, the trial
 * holds the weights twice, and a collection that is begun in 8 bits slows those machines down that have no VNNI.
 */
import { createHash } from 'node:crypto';
import type { Settings } from '../config.js';
import { encoderFiles, type ModelFiles } from '../models/families.js';
import { type EightBits, knownSha256, type OpenOptions } from '../models/identity.js';
import { fileDtype } from '../models/registry.js';
import { roundableProducts } from '../quantising/eight-bit-file.js';
import { isTensorflow } from '../tensorflow-folder.js';
import type { Metadata, VectorStore } from '../types.js';
import { sumsExactly } from './exact.js';
import { PICTURES, type Trying, tryPictures, tryWords } from './towers.js';
import { keepTrials, knownTrials, sentenceOf } from './verdicts.js';

/** The form of an encoder, and how a collection says it. */
export interface Precision {
  options: Pick<OpenOptions, 'dtype' | 'eightBits'>;
  facts: Metadata;
}

const INEXACT =
  'this CPU sums 8-bit products with overflows (it has no VNNI), so its vectors would differ from those of other machines';

/**
 * What `dtype` comes to. A collection of this lookbook and encoder that holds pictures has decided it already, so that
 * several machines agree; else `auto` tries 8 bits on the person's own pictures, once, and `int8` takes them untried.
 * @param options where and how the encoder will be opened; `onDownload` gets the verdict as a line, else the console.
 * @throws LookbookError when nothing of the encoder can be in 8 bits and `int8` was asked for.
 */
export async function decidePrecision(
  settings: Settings,
  store: VectorStore,
  options: OpenOptions,
): Promise<Precision> {
  const choice = settings.dtype;
  if (choice !== 'int8' && choice !== 'auto') return plain(choice);
  const say = options.onDownload ?? ((line: string) => console.error(line));
  if (settings.device !== 'cpu') {
    say(`${settings.encoder} runs in fp32: 8 bits are for CPUs.`);
    return plain('fp32');
  }
  const opening = { ...options, dtype: fileDtype(choice) };
  const model = await encoderFiles(settings.encoder, opening);
  if (isTensorflow(model.files.image ?? '')) {
    say(`${settings.encoder} runs in fp32: 8 bits are for ONNX graphs.`);
    return plain('fp32');
  }
  const weights = await weightsOf(model, settings.layer);
  const stored = await storedPrecision({ settings, store, name: model.manifest.name, weights });
  const isExact = await sumsExactly();
  if (stored) {
    if (stored.options.eightBits && !isExact) say(`${model.manifest.name}: ${INEXACT}.`);
    return stored;
  }
  if (choice === 'auto' && !isExact) {
    say(`${model.manifest.name} runs in fp32: ${INEXACT}.`);
    return plain('fp32');
  }
  const eightBits =
    choice === 'int8'
      ? await untried(model, settings.layer)
      : await tried({ model, settings, weights, options: opening, say });
  return inEightBits(eightBits, weights);
}

function plain(dtype: NonNullable<OpenOptions['dtype']>): Precision {
  return { options: { dtype }, facts: { dtype } };
}

function inEightBits(eightBits: EightBits, weights: string): Precision {
  if (Object.keys(eightBits).length === 0) return plain('fp32');
  const facts = { dtype: 'int8', weights, eightBits: JSON.stringify(eightBits) };
  return { options: { dtype: 'fp32', eightBits }, facts };
}

/** Of the collections of this encoder that hold pictures, the fullest; of equals one in fp32. */
async function storedPrecision(of: {
  settings: Settings;
  store: VectorStore;
  name: string;
  weights: string;
}): Promise<Precision | undefined> {
  const { settings, store, name, weights } = of;
  const own = (await store.list()).filter(
    ({ facts, count }) =>
      count > 0 && facts.lookbook === settings.name && facts.of === 'pictures' && facts.encoder === name,
  );
  const known = own.flatMap(({ facts, count }) => {
    const dtype = facts.dtype ?? 'fp32';
    if (dtype === 'fp32' && settings.dtype === 'auto') return [{ count, precision: plain('fp32') }];
    const eightBits = dtype === 'int8' && facts.weights === weights ? eightBitsOf(facts.eightBits) : null;
    return eightBits ? [{ count, precision: inEightBits(eightBits, weights) }] : [];
  });
  const isPlain = ({ options }: Precision): number => Number(options.eightBits === undefined);
  known.sort((a, b) => b.count - a.count || isPlain(b.precision) - isPlain(a.precision));
  return known[0]?.precision;
}

/** What a store holds is somebody else's word: null where it makes no sense. */
function eightBitsOf(fact: unknown): EightBits | null {
  try {
    const recipes: Record<string, unknown> = JSON.parse(String(fact));
    const isRecipe = (value: unknown): boolean => {
      const { keep } = (value ?? {}) as { keep?: unknown };
      return Array.isArray(keep) && keep.every((name) => typeof name === 'string');
    };
    const isSound = Object.entries(recipes).every(
      ([role, recipe]) => /^[\w-]+$/.test(role) && isRecipe(recipe),
    );
    return isSound ? (recipes as EightBits) : null;
  } catch {
    return null;
  }
}

/** Names the bytes that an encoder is made of. */
async function weightsOf({ files }: ModelFiles, layer: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(layer ?? '');
  for (const role of Object.keys(files).sort()) hash.update(`${role} ${await knownSha256(files[role]!)}\n`);
  return hash.digest('hex').slice(0, 32);
}

/**
 * The roles of an encoder's towers; a graph that is both is tried with pictures only, and so is left out here. At a layer
 * there are no words.
 */
function towersOf({ manifest }: ModelFiles, layer: string | undefined): string[] {
  if (layer !== undefined || !('text' in manifest)) return ['image'];
  return manifest.text.file === 'image' ? [] : ['image', manifest.text.file];
}

/** Each tower that has products to round. @throws LookbookError that says why none has. */
async function untried(model: ModelFiles, layer: string | undefined): Promise<EightBits> {
  const eightBits: Record<string, EightBits[string]> = {};
  let failure: unknown;
  for (const role of towersOf(model, layer)) {
    const graph = { path: model.files[role]!, sha256: await knownSha256(model.files[role]!) };
    const products = await roundableProducts(graph).catch((error: unknown) => {
      failure = error;
      return [];
    });
    if (products.length) eightBits[role] = { keep: [] };
  }
  if (failure !== undefined && Object.keys(eightBits).length === 0) throw failure;
  return eightBits;
}

interface Asking extends Trying {
  weights: string;
  say: (line: string) => void;
}

/** The towers that may be in 8 bits, as this machine knows or finds out; says why in a sentence for each. */
async function tried({ model, settings, weights, options, say }: Asking): Promise<EightBits> {
  const { name } = model.manifest;
  const of = { weights, images: settings.images };
  let trials = await knownTrials(of);
  if (!trials) {
    trials = [];
    for (const role of towersOf(model, settings.layer)) {
      const trying = { model, settings, options };
      const result = await (role === 'image' ? tryPictures(trying) : tryWords(role, trying));
      trials.push(result);
      say(sentenceOf(name, result));
    }
    // Of fewer pictures than wanted the next lookbook may know more.
    const isWhole = trials.every(({ role, count }) => role !== 'image' || count === PICTURES);
    if (isWhole) await keepTrials(of, name, trials);
  }
  return Object.fromEntries(
    trials.flatMap(({ role, recipe, isTaken }) => (isTaken && recipe ? [[role, recipe] as const] : [])),
  );
}
