import { type PageEvent, type Plot, part } from './browser.js';
import { inView, placeOf } from './near.js';
import type { Points } from './points.js';

export interface Keys {
  shown(index: number): boolean;
  /** A point has been reached, or none any more. */
  reach(index: number | null): void;
  choose(index: number): void;
}

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The arrow keys go from point to point in view, Enter or the space bar selects, Escape leaves. */
export function listenToKeys(plot: Plot, points: Points, { shown, reach, choose }: Keys): void {
  const stage = part('stage');
  let at: number | null = null;
  const go = (to: number | null): void => {
    at = to;
    reach(to);
  };
  stage.addEventListener('keydown', (event: PageEvent) => {
    const step = STEPS[event.key];
    if (step) {
      const seen = inView(plot, points, { shown, most: points.count });
      const from = at;
      go(
        from !== null && seen.includes(from)
          ? nextOf(plot, points, { seen, from, step })
          : firstOf(points, seen),
      );
    } else if (at !== null && (event.key === 'Enter' || event.key === ' ')) choose(at);
    else if (event.key === 'Escape') go(null);
    else return;
    event.preventDefault();
  });
  stage.addEventListener('blur', () => go(null));
}

/** The query, else the best hit, else whatever is in view. */
function firstOf(points: Points, seen: readonly number[]): number | null {
  const order = (index: number): number => points.number[index]! || Number.POSITIVE_INFINITY;
  return seen.reduce<number | null>(
    (best, index) => (best === null || order(index) < order(best) ? index : best),
    null,
  );
}

/** The nearest in that direction; what lies aside counts double. Where there is none, it stays. */
function nextOf(
  plot: Plot,
  points: Points,
  { seen, from, step: [right, down] }: { seen: readonly number[]; from: number; step: [number, number] },
): number {
  const start = placeOf(plot, points, from);
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (const index of seen) {
    const { x, y } = placeOf(plot, points, index);
    const ahead = (x - start.x) * right + (y - start.y) * down;
    const aside = Math.abs((x - start.x) * down) + Math.abs((y - start.y) * right);
    const cost = ahead + 2 * aside;
    if (ahead < 1 || aside > 2 * ahead || cost >= least) continue;
    least = cost;
    best = index;
  }
  return best;
}
