/** Whether an encoder may run in 8 bits: the same pictures or texts encoded both ways, compared and timed. */
import { type Agreement, agreementOf } from '../arithmetic/agreement.js';
import { type Closable, openBriefly } from '../closers.js';
import { LookbookError, reasonOf } from '../errors.js';
import type { EightBits } from '../models/identity.js';
import { type GraphFile, removeEightBitFile, roundableProducts } from '../quantising/eight-bit-file.js';
import type { Recipe } from '../quantising/rewrite.js';
import type { Encoder } from '../types.js';
import { productsToKeep } from './sensitivity.js';

/** The nearest of each picture that both ways must have in common, as a share. */
export const LEAST_AGREEMENT = 0.95;
/** No vector may be farther from its fp32 form than this cosine. */
export const LEAST_COSINE = 0.97;
/** A gain below this is not worth vectors that are a little different: CPUs without 8-bit products have none. */
export const LEAST_GAIN = 1.2;

/** Of fewer things the ten nearest are nearly all there are: they would agree whatever the vectors. */
const LEAST_COUNT = 21;

/** Things of a trial that are enough to tell which products are bad. */
const SEARCHED = 16;
/** Each trial of the search writes and loads the graph once more: about 4 s at this size. */
const LARGEST_SEARCHED = 512 * 2 ** 20;

/** What a trial is about. */
export interface TrialOf<Model extends Closable = Encoder> {
  /** The graph's role among the encoder's files. */
  role: string;
  graph: GraphFile & { bytes: number };
  /** How many things there are. */
  count: number;
  /** Opens what reads the things, with some graphs in 8 bits; none for its fp32 form. */
  open(eightBits: EightBits): Promise<Model>;
  /** The vectors of the things from `start` to `end`, in order. */
  embed(model: Model, start: number, end: number): Promise<Float32Array[]>;
  /** Things that are timed at once; the two ways take turns. */
  round: number;
  /** How many times faster 8 bits must be (default LEAST_GAIN). */
  leastGain?: number;
  signal?: AbortSignal;
}

export interface TrialResult {
  role: string;
  /** How the graph comes to 8 bits, and whether it should. */
  recipe: Recipe | null;
  isTaken: boolean;
  count: number;
  agreement?: Agreement;
  /** How many times faster than fp32. */
  gain?: number;
  /** Why there is nothing to compare. */
  reason?: string;
}

/** Encodes all things both ways; where 8 bits do badly, finds the products that do the harm and tries without them. */
export async function tryEightBits<Model extends Closable>(of: TrialOf<Model>): Promise<TrialResult> {
  const { role, count } = of;
  const untried = { role, count, recipe: null, isTaken: false };
  if (count < LEAST_COUNT)
    return { ...untried, reason: `${count} pictures are too few to try it on, ${LEAST_COUNT} tell` };
  try {
    await roundableProducts(of.graph);
    const plain = await compared(of, { keep: [] });
    const isSettled = isAlike(plain.agreement) || plain.gain < (of.leastGain ?? LEAST_GAIN);
    if (isSettled) return await settle(of, taken(plain, of));
    const recipe = await betterRecipe(of, plain.fp32);
    if (!recipe) return await settle(of, taken(plain, of));
    await removeEightBitFile(of.graph, plain.recipe);
    return await settle(of, taken(await compared(of, recipe), of));
  } catch (error) {
    of.signal?.throwIfAborted();
    return { ...untried, reason: causeOf(error) };
  }
}

/** Of what was wrapped for people, the reason alone: the sentence around it is the verdict's. */
function causeOf(error: unknown): string {
  return error instanceof LookbookError && error.cause instanceof Error
    ? error.cause.message
    : reasonOf(error);
}

/** A form that is not used is not kept. */
async function settle({ graph }: Pick<TrialOf, 'graph'>, result: TrialResult): Promise<TrialResult> {
  if (result.recipe && !result.isTaken) await removeEightBitFile(graph, result.recipe);
  return result;
}

interface Compared {
  recipe: Recipe;
  agreement: Agreement;
  gain: number;
  fp32: Float32Array[];
}

function taken(
  { recipe, agreement, gain }: Compared,
  { role, count, leastGain = LEAST_GAIN }: Pick<TrialOf, 'role' | 'count' | 'leastGain'>,
): TrialResult {
  return { role, count, recipe, agreement, gain, isTaken: isAlike(agreement) && gain >= leastGain };
}

function isAlike({ neighbours, least }: Agreement): boolean {
  return neighbours >= LEAST_AGREEMENT && least >= LEAST_COSINE;
}

/** What cannot be compared is not kept either. */
async function compared<Model extends Closable>(of: TrialOf<Model>, recipe: Recipe): Promise<Compared> {
  try {
    return await compare(of, recipe);
  } catch (error) {
    await removeEightBitFile(of.graph, recipe);
    throw error;
  }
}

/** Both encoders are open at once and take turns, so that what else the machine does meets both alike. */
function compare<Model extends Closable>(of: TrialOf<Model>, recipe: Recipe): Promise<Compared> {
  return openBriefly(async (keep) => {
    const fp32 = await keep(of.open({}));
    const int8 = await keep(of.open({ [of.role]: recipe }));
    const vectors: { fp32: Float32Array[]; int8: Float32Array[] } = { fp32: [], int8: [] };
    const gains: number[] = [];
    for (let start = 0; start < of.count; start += of.round) {
      of.signal?.throwIfAborted();
      const end = Math.min(of.count, start + of.round);
      const before = performance.now();
      vectors.fp32.push(...(await of.embed(fp32, start, end)));
      const between = performance.now();
      vectors.int8.push(...(await of.embed(int8, start, end)));
      gains.push((between - before) / (performance.now() - between));
    }
    // The first round warms caches up.
    const counted = gains.length > 1 ? gains.slice(1) : gains;
    counted.sort((a, b) => a - b);
    const gain = counted[Math.floor(counted.length / 2)]!;
    return { recipe, gain, fp32: vectors.fp32, agreement: agreementOf(vectors.fp32, vectors.int8) };
  });
}

/** @param fp32 vectors of the same things. */
async function betterRecipe<Model extends Closable>(
  of: TrialOf<Model>,
  fp32: readonly Float32Array[],
): Promise<Recipe | null> {
  if (of.graph.bytes > LARGEST_SEARCHED) return null;
  const without = async (kept: readonly string[], count: number): Promise<Agreement> => {
    of.signal?.throwIfAborted();
    const recipe = { keep: kept };
    try {
      const vectors = await openBriefly(async (open) => {
        const model = await open(of.open({ [of.role]: recipe }));
        return of.embed(model, 0, count);
      });
      return agreementOf(fp32.slice(0, count), vectors);
    } finally {
      await removeEightBitFile(of.graph, recipe);
    }
  };
  const keep = await productsToKeep({
    products: await roundableProducts(of.graph),
    lossWithout: async (kept) => 1 - (await without(kept, Math.min(SEARCHED, of.count))).mean,
    isBorneWithout: async (kept) => isAlike(await without(kept, of.count)),
  });
  return keep && { keep };
}
