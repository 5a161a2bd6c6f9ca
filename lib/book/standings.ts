import { dot, rowOf } from '../arithmetic/vectors.js';
import { neighboursAmong } from '../exploring/neighbours.js';
import { SAME } from '../searching/judging.js';
import { type Background, RIVALS, type Standing, standing } from '../searching/relevance.js';
import { type Turns, turnTaker } from '../turns.js';

/**
 * How the words of the background score against each of many vectors, found by matrix multiplication: of 100,000 vectors
 * a loop would take most of a minute. The deviation, which no relevance of words asks for, is left 0.
 */
export async function wordStandings(
  vectors: readonly Float32Array[],
  { block, count, dimension }: Background,
  turns: Turns,
): Promise<Standing[]> {
  if (!count) return vectors.map(() => NONE);
  const sources = { queries: vectors, keys: { vectors: block, dimension } };
  const { k, indices, distances } = await neighboursAmong(sources, { k: RIVALS, ...turns });
  const mean = meanOf({ block, count, dimension });
  return vectors.map((vector, row) => {
    const first = row * k;
    let rivals = 0;
    for (let at = first; at < first + k; at++) rivals += (1 - distances[at]!) / k;
    const best = { index: indices[first]!, score: 1 - distances[first]! };
    return { mean: dot(mean, vector), deviation: 0, rivals, best, count };
  });
}

/** How the stored pictures of the background score against each of many vectors, none of them against itself. */
export async function pictureStandings(
  vectors: readonly Float32Array[],
  background: Background,
  turns: Turns,
): Promise<Standing[]> {
  const turn = turnTaker(turns);
  const standings: Standing[] = [];
  for (const [at, vector] of vectors.entries()) {
    standings.push(standing(vector, background, SAME));
    await turn(at / vectors.length);
  }
  return standings;
}

const NONE: Standing = { mean: 0, deviation: 0, rivals: 0, best: { index: -1, score: -1 }, count: 0 };

function meanOf({ block, count, dimension }: Background): Float32Array {
  const mean = new Float32Array(dimension);
  for (let row = 0; row < count; row++)
    for (const [at, value] of rowOf(block, row, dimension).entries()) mean[at]! += value / count;
  return mean;
}
