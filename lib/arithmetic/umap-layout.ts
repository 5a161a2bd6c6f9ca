import type { NearnessCurve } from './umap-curve.js';
import { factorAt, forceTable } from './umap-forces.js';
import type { FuzzyGraph } from './umap-graph.js';

/** What is laid out, and against what. */
export interface LayoutGround {
  /** float32[rows, 2], moved in place: the rows of the graph. */
  points: Float32Array;
  /** float32[n, 2]: where the edges end. The same array when all move, another when those stay where they are. */
  others: Float32Array;
  graph: FuzzyGraph;
}

export interface LayoutSettings {
  epochs: number;
  seed: number;
  curve: NearnessCurve;
  /** How far a step goes in the first epoch; it falls to 0 (default 1). */
  rate?: number;
}

/** A layout under way. */
export interface Layout {
  /** Moves the rows from..to (excluded) once; epochs count from 0. */
  epoch(n: number, from: number, to: number): void;
  /** Lets the chance begin again. */
  reseed(): void;
}

/** Random others that push each end of an edge away, for each time that the edge pulls. */
const PUSHES = 5;
/** No step goes further than this along an axis. */
const MOST = 4;
/** Added under the force that pushes, which would have no bound. */
const SOFTENING = 1e-3;

/**
 * UMAP's layout (McInnes, Healy and Melville 2018, section 4.2, with the sampling of umap-learn and umap-js): an edge
 * of weight w pulls in w / most of the epochs, and each time five random points push. Edges below most / epochs never
 * pull. Equal seeds give equal points. Nothing is allocated by an epoch.
 */
export function prepareLayout({ points, others, graph }: LayoutGround, settings: LayoutSettings): Layout {
  const { epochs, curve, rate = 1 } = settings;
  const { starts, ends, weights } = graph;
  const allMove = points === others;
  const count = others.length / 2;
  let most = 0;
  for (let edge = 0; edge < weights.length; edge++) most = Math.max(most, weights[edge]!);
  const pause = new Float32Array(weights.length);
  const nextPush = new Float32Array(weights.length);
  for (let edge = 0; edge < weights.length; edge++) {
    const weight = weights[edge]!;
    pause[edge] = weight < most / epochs || weight <= 0 ? Number.POSITIVE_INFINITY : most / weight;
    nextPush[edge] = pause[edge]! / PUSHES;
  }
  const nextPull = pause.slice();
  const { a, b } = curve;
  // Both are factors of the difference of two points, by the square of their distance.
  const pull = forceTable((square) => (-2 * a * b * square ** (b - 1)) / (a * square ** b + 1));
  const push = forceTable((square) => (2 * b) / ((SOFTENING + square) * (a * square ** b + 1)));
  const single = new Float32Array(1);
  const bits = new Int32Array(single.buffer);
  const first = (settings.seed | 0) ^ 0x9e3779b9 || 1;
  let state = first;

  function epoch(n: number, from: number, to: number): void {
    const step = rate * (1 - n / epochs);
    let random = state;
    for (let row = from; row < to; row++) {
      let x = points[2 * row]!;
      let y = points[2 * row + 1]!;
      for (let edge = starts[row]!; edge < starts[row + 1]!; edge++) {
        if (nextPull[edge]! > n) continue;
        const end = 2 * ends[edge]!;
        let dx = x - others[end]!;
        let dy = y - others[end + 1]!;
        single[0] = dx * dx + dy * dy;
        let force = factorAt(pull, bits[0]!);
        let byX = force * dx;
        let byY = force * dy;
        byX = step * (byX > MOST ? MOST : byX < -MOST ? -MOST : byX);
        byY = step * (byY > MOST ? MOST : byY < -MOST ? -MOST : byY);
        x += byX;
        y += byY;
        if (allMove) {
          others[end]! -= byX;
          others[end + 1]! -= byY;
        }
        nextPull[edge]! += pause[edge]!;
        const between = pause[edge]! / PUSHES;
        const pushes = Math.floor((n - nextPush[edge]!) / between);
        for (let p = 0; p < pushes; p++) {
          // Marsaglia's xorshift (2003) with 13, 17, 5.
          random ^= random << 13;
          random ^= random >>> 17;
          random ^= random << 5;
          const other = Math.floor(((random >>> 0) / 4_294_967_296) * count);
          if (allMove && other === row) continue;
          dx = x - others[2 * other]!;
          dy = y - others[2 * other + 1]!;
          const square = dx * dx + dy * dy;
          if (square === 0) {
            x += step * MOST;
            y += step * MOST;
            continue;
          }
          single[0] = square;
          force = factorAt(push, bits[0]!);
          byX = force * dx;
          byY = force * dy;
          x += step * (byX > MOST ? MOST : byX < -MOST ? -MOST : byX);
          y += step * (byY > MOST ? MOST : byY < -MOST ? -MOST : byY);
        }
        nextPush[edge]! += pushes * between;
      }
      points[2 * row] = x;
      points[2 * row + 1] = y;
    }
    state = random;
  }
  return {
    epoch,
    reseed: () => {
      state = first;
    },
  };
}
