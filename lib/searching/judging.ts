import { dot } from '../arithmetic/vectors.js';
import type { Encoder, Judgement } from '../types.js';
import type { Asked } from './asking.js';
import { nameOf } from './background.js';
import type { Library } from './library.js';
import type { CheckedQuery } from './query.js';
import { type Background, type Kind, logitOf, type Standing, standing } from './relevance.js';

/** How one stored vector answers one thing asked. */
export interface Judged {
  cosine: number;
  kind: Kind;
  /** Of relevance; with too few to compare with, one that makes relevance the bare cosine. */
  logit: number;
  /** How the vector stands against the background, worked out when it is first asked. */
  standing(): Standing;
}

export interface Judge {
  judge(asked: Asked, vector: Float32Array): Judged;
  /** What a vector shows, in the words of the background; undefined where nothing fits or the encoder has no words. */
  name(vector: Float32Array): string | undefined;
}

/** Two vectors of one picture: a stored picture is no background to itself. */
export const SAME = 0.9999;

/** A judge by the backgrounds that these kinds need. How a vector stands is worked out once for all that is asked. */
export async function createJudge(kinds: ReadonlySet<Kind>, library: Library): Promise<Judge> {
  const { encoder } = library;
  const words = await library.background('words');
  const pictures = kinds.has('pictures') ? await library.background('pictures') : words;
  const known = {
    words: new WeakMap<Float32Array, Standing>(),
    pictures: new WeakMap<Float32Array, Standing>(),
  };
  const standingOf = (kind: Kind, vector: Float32Array): Standing => {
    const background: Background = kind === 'words' ? words : pictures;
    const found =
      known[kind].get(vector) ?? standing(vector, background, kind === 'words' ? undefined : SAME);
    known[kind].set(vector, found);
    return found;
  };
  return {
    judge({ vector: question, kind }, vector) {
      const cosine = dot(question, vector);
      const against = (): Standing => standingOf(kind, vector);
      return { cosine, kind, logit: logitAgainst(cosine, against, { kind, encoder }), standing: against };
    },
    name: (vector) => (words.count ? nameOf(standingOf('words', vector).best) : undefined),
  };
}

/** How well a vector that stands so answers something asked with this cosine, as the logit of its relevance. */
export function logitAgainst(
  cosine: number,
  standing: () => Standing,
  { kind, encoder }: { kind: Kind; encoder: Encoder },
): number {
  return logitOf(cosine, standing, { kind, curve: encoder.relevance?.[kind] }) ?? logitOfShare(cosine);
}

/** What words or pictures a checked question asks with: its terms, or the one thing of `all`. */
export function kindOf({ terms, all }: CheckedQuery): Kind {
  return (all[0] ?? terms).every(({ text }) => text !== undefined) ? 'words' : 'pictures';
}

function logitOfShare(share: number): number {
  const inside = Math.min(1 - 1e-6, Math.max(1e-6, share));
  return Math.log(inside / (1 - inside));
}

/** The numbers of a judgement, for an explanation. */
export function explained({ cosine, kind, logit, standing }: Judged): Judgement {
  const { mean, deviation, rivals, best } = standing();
  const word = kind === 'words' ? nameOf(best) : undefined;
  return {
    cosine,
    background: { mean, deviation, rivals, ...(word === undefined ? {} : { best: word }) },
    logit,
  };
}
