/** The forms of encoders as collections remember them. */
import type { Settings } from '../config.js';
import type { ModelFiles } from '../models/families.js';
import type { EightBits, OpenOptions } from '../models/identity.js';
import type { Metadata, VectorStore } from '../types.js';

/** The form of an encoder, and how a collection says it. */
export interface Precision {
  options: Pick<OpenOptions, 'dtype' | 'eightBits'>;
  facts: Metadata;
}

/** As it is asked for. */
export function plain(dtype: NonNullable<OpenOptions['dtype']>): Precision {
  return { options: { dtype }, facts: { dtype } };
}

/** With some graphs in 8 bits; with none in fp32. @param weights names the bytes that the encoder is made of. */
export function inEightBits(eightBits: EightBits, weights: string): Precision {
  if (Object.keys(eightBits).length === 0) return plain('fp32');
  const facts = { dtype: 'int8', weights, eightBits: JSON.stringify(eightBits) };
  return { options: { dtype: 'fp32', eightBits }, facts };
}

/** Of the collections of this encoder, at this layer, that hold pictures, the fullest; of equals one in fp32. */
export async function storedPrecision(of: {
  settings: Settings;
  store: VectorStore;
  model: ModelFiles;
  weights: string;
}): Promise<Precision | undefined> {
  const { settings, store, model, weights } = of;
  const { name, layer } = settings;
  const encoder = model.manifest.name;
  const own = (await store.list()).filter(
    ({ facts, count }) =>
      count > 0 &&
      facts.of === 'pictures' &&
      facts.lookbook === name &&
      facts.encoder === encoder &&
      facts.layer === layer,
  );
  const known = own.flatMap(({ facts, count }) => {
    const dtype = facts.dtype ?? 'fp32';
    if (dtype === 'fp32' && settings.dtype === 'auto') return [{ count, precision: plain('fp32') }];
    const eightBits =
      dtype === 'int8' && facts.weights === weights ? eightBitsOf(facts.eightBits, model) : null;
    return eightBits ? [{ count, precision: inEightBits(eightBits, weights) }] : [];
  });
  const isPlain = ({ options }: Precision): number => Number(options.eightBits === undefined);
  known.sort((a, b) => b.count - a.count || isPlain(b.precision) - isPlain(a.precision));
  return known[0]?.precision;
}

/** What a store holds is somebody else's word: null where it makes no sense. */
function eightBitsOf(fact: unknown, { files }: ModelFiles): EightBits | null {
  try {
    const recipes: Record<string, unknown> = JSON.parse(String(fact));
    const isRecipe = (value: unknown): boolean => {
      const { keep } = (value ?? {}) as { keep?: unknown };
      return Array.isArray(keep) && keep.every((name) => typeof name === 'string');
    };
    const isSound = Object.entries(recipes).every(
      ([role, recipe]) => Object.hasOwn(files, role) && isRecipe(recipe),
    );
    return isSound ? (recipes as EightBits) : null;
  } catch {
    return null;
  }
}
