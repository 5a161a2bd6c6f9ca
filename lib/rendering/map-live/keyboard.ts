import { type PageEvent, part } from './browser.js';
import { type Frame, onStage, type Place } from './frame.js';
import { inView } from './picking.js';
import type { Points } from './points.js';

export interface Keys {
  frame(): Frame;
  shown(index: number): boolean;
  /** A point has been reached, or none any more. */
  reach(index: number | null): void;
  choose(index: number): void;
}

const STEPS: Record<string, Place> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The arrow keys go from point to point in view, Enter or the space bar selects, Escape leaves. */
export function listenToKeys(points: Points, { frame, shown, reach, choose }: Keys): void {
  const stage = part('stage');
  let at: number | null = null;
  const go = (to: number | null): void => {
    at = to;
    reach(to);
  };
  stage.addEventListener('keydown', (event: PageEvent) => {
    const step = STEPS[event.key];
    if (step) {
      const seen = inView(points, frame(), { shown, most: points.count });
      go(
        at !== null && seen.includes(at)
          ? nextOf(points, seen, { from: at, step, frame: frame() })
          : firstOf(points, seen),
      );
    } else if (at !== null && (event.key === 'Enter' || event.key === ' ')) choose(at);
    else if (event.key === 'Escape') go(null);
    else return;
    event.preventDefault();
  });
  stage.addEventListener('blur', () => {
    if (at !== null) go(null);
  });
}

/** The query, else the best hit, else whatever is in view. */
function firstOf(points: Points, seen: readonly number[]): number | null {
  const order = (index: number): number => points.number[index]! || Number.POSITIVE_INFINITY;
  return seen.reduce<number | null>(
    (best, index) => (best === null || order(index) < order(best) ? index : best),
    null,
  );
}

interface Step {
  from: number;
  step: Place;
  frame: Frame;
}

/** The nearest in that direction; what lies aside counts double. Where there is none, it stays. */
function nextOf(points: Points, seen: readonly number[], { from, step, frame }: Step): number {
  const placeOf = (index: number): Place => onStage(frame, { x: points.x[index]!, y: points.y[index]! });
  const start = placeOf(from);
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (const index of seen) {
    const { x, y } = placeOf(index);
    const ahead = (x - start.x) * step.x + (y - start.y) * step.y;
    const aside = Math.abs((x - start.x) * step.y) + Math.abs((y - start.y) * step.x);
    const cost = ahead + 2 * aside;
    if (ahead < 1 || aside > 2 * ahead || cost >= least) continue;
    least = cost;
    best = index;
  }
  return best;
}
