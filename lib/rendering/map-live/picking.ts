import { type Frame, onStage, type Place } from './frame.js';
import type { Points } from './points.js';

/** What was drawn round points, in the map's own measures: two corners of a box, or the corners of a lasso. */
export type Shape = { box: [Place, Place] } | { lasso: readonly Place[] };

/** Marks of hits and of the query are so many pixels from middle to rim, and lie above the dots. */
const MARK_PX = 10;

export interface Asked {
  /** Pixels of the stage. */
  at: Place;
  /** How far from a dot's middle the pointer may be. */
  within: number;
  shown(index: number): boolean;
}

/** The point that the pointer means: a mark under it, else the nearest dot. Looks at all: 100,000 take half a millisecond. */
export function pointAt(points: Points, frame: Frame, { at, within, shown }: Asked): number | null {
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < points.count; index++) {
    const marked = points.number[index] !== 0;
    const room = marked ? MARK_PX : within;
    const across = points.x[index]! * frame.scaleX + frame.left - at.x;
    if (across > room || across < -room) continue;
    const down = points.y[index]! * frame.scaleY + frame.top - at.y;
    const far = Math.hypot(across, down);
    // A mark hides the dots below it, so it comes before all of them.
    const order = marked ? far - MARK_PX : far;
    if (far > room || order >= least || !shown(index)) continue;
    best = index;
    least = order;
  }
  return best;
}

/** The points inside of a shape, in the order of the list; those that are switched off left out. */
export function pointsIn(points: Points, shape: Shape, shown: (index: number) => boolean): number[] {
  const corners = 'box' in shape ? shape.box : shape.lasso;
  const left = Math.min(...corners.map(({ x }) => x));
  const right = Math.max(...corners.map(({ x }) => x));
  const top = Math.min(...corners.map(({ y }) => y));
  const bottom = Math.max(...corners.map(({ y }) => y));
  const found: number[] = [];
  for (let index = 0; index < points.count; index++) {
    const place = { x: points.x[index]!, y: points.y[index]! };
    if (place.x < left || place.x > right || place.y < top || place.y > bottom || !shown(index)) continue;
    if ('box' in shape || isInside(place, shape.lasso)) found.push(index);
  }
  return found;
}

/** Even-odd: a line from the place to the right crosses the outline an odd number of times. */
function isInside({ x, y }: Place, corners: readonly Place[]): boolean {
  let inside = false;
  for (const [n, a] of corners.entries()) {
    const b = corners[(n || corners.length) - 1]!;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** The points in view, those that are switched off left out; stops counting beyond `most`. */
export function inView(
  points: Points,
  frame: Frame,
  { shown, most }: { shown(index: number): boolean; most: number },
): number[] {
  const found: number[] = [];
  for (let index = 0; index < points.count && found.length < most; index++) {
    const { x, y } = onStage(frame, { x: points.x[index]!, y: points.y[index]! });
    if (x >= 0 && x <= frame.width && y >= 0 && y <= frame.height && shown(index)) found.push(index);
  }
  return found;
}
