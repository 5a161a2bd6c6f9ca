/**
 * From the config's dtype to the form in which an encoder is opened, and what a collection remembers of it. `auto` is
 * there for who asks, and not the default: what manifests say of scores and duplicates was measured in fp32, the trial
 * holds the weights twice, and a collection that is begun in 8 bits slows those machines down that have no VNNI.
 */
import { createHash } from 'node:crypto';
import type { Settings } from '../config.js';
import { LookbookError } from '../errors.js';
import { encoderFiles, type ModelFiles } from '../models/families.js';
import { type EightBits, knownSha256, type OpenOptions } from '../models/identity.js';
import { fileDtype } from '../models/registry.js';
import { roundableProducts } from '../quantising/eight-bit-file.js';
import { sumsExactly } from '../quantising/exact-sums.js';
import { isTensorflow } from '../tensorflow-folder.js';
import type { VectorStore } from '../types.js';
import { inEightBits, type Precision, plain, storedPrecision } from './stored.js';
import { PICTURES, type Trying, tryPictures, tryWords } from './towers.js';
import { keepTrials, knownTrials, sentenceOf } from './verdicts.js';

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
    if (choice === 'int8') throw noGraph(settings.encoder);
    say(`${settings.encoder} runs in fp32: 8 bits are for ONNX graphs.`);
    return plain('fp32');
  }
  const weights = await weightsOf(model, settings.layer);
  const stored = await storedPrecision({ settings, store, model, weights });
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

function noGraph(encoder: string): LookbookError {
  return new LookbookError('int8', {
    what: `${encoder} has no form of 8 bits`,
    got: 'a model of TensorFlow.js',
    expected: 'an ONNX graph',
    mend: 'Set DTYPE to fp32 in the config cell.',
  });
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
      failure ??= error;
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
