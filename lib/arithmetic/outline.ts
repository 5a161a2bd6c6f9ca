import type { Mask } from '../types.js';

/** A closed polygon, float64[x0, y0, x1, y1, …] in pixels of the mask; the last point joins the first. */
export type Polygon = Float64Array;

/** Steps east, south, west, north on the lattice of pixel corners. */
const STEP_X = [1, 0, -1, 0] as const;
const STEP_Y = [0, 1, 0, -1] as const;

export interface OutlineOptions {
  /** Pixels by which a border may be moved to spare points (default 0.5: filled again it gives the mask back). */
  tolerance?: number;
  /** Edges on either side that a border is averaged over (default 0): rounds off the blocks of a coarse mask. */
  smoothing?: number;
}

/**
 * The borders of a mask as closed polygons: outer ones clockwise, holes the other way, to be filled even-odd.
 * They run through the middles of pixel edges, which turns staircases into slopes.
 */
export function outline(mask: Mask, { tolerance = 0.5, smoothing = 0 }: OutlineOptions = {}): Polygon[] {
  const edges = borderEdges(mask);
  const stride = mask.width + 1;
  const polygons: Polygon[] = [];
  for (let start = 0; start < edges.length; start++) {
    // Every closed walk goes east somewhere, so starting at eastward edges finds them all.
    while (edges[start]! & 1)
      polygons.push(simplify(smooth(walk(edges, start, stride), smoothing), tolerance));
  }
  return polygons;
}

/** An SVG path of the polygons, for fill-rule evenodd; relative steps in tenths of a pixel keep it short. */
export function svgPath(polygons: readonly Polygon[]): string {
  let path = '';
  for (const polygon of polygons) {
    let atX = Math.round(polygon[0]! * 10);
    let atY = Math.round(polygon[1]! * 10);
    path += `M${tenths(atX)} ${tenths(atY)}`;
    for (let i = 2; i < polygon.length; i += 2) {
      const x = Math.round(polygon[i]! * 10);
      const y = Math.round(polygon[i + 1]! * 10);
      path += `l${tenths(x - atX)} ${tenths(y - atY)}`;
      atX = x;
      atY = y;
    }
    path += 'z';
  }
  // A minus parts two numbers by itself, and so does the letter before it.
  return path.replaceAll(' -', '-');
}

function tenths(value: number): string {
  return String(value / 10).replace(/^(-?)0\./, '$1.');
}

/** For each corner of the lattice the directions in which a border leaves it, one bit each; the mask lies to the right. */
function borderEdges({ data, width, height }: Mask): Uint8Array {
  const stride = width + 1;
  const edges = new Uint8Array(stride * (height + 1));
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x]! > 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      const corner = y * stride + x;
      if (!inside(x, y - 1)) edges[corner]! |= 1;
      if (!inside(x + 1, y)) edges[corner + 1]! |= 2;
      if (!inside(x, y + 1)) edges[corner + stride + 1]! |= 4;
      if (!inside(x - 1, y)) edges[corner + stride]! |= 8;
    }
  }
  return edges;
}

/** Follows one border from an eastward edge back to its start and takes its edges away; middles of edges. */
function walk(edges: Uint8Array, start: number, stride: number): number[] {
  const middles: number[] = [];
  let at = start;
  let direction = 0;
  do {
    edges[at]! &= ~(1 << direction);
    const x = at % stride;
    const y = (at - x) / stride;
    middles.push(x + STEP_X[direction]! / 2, y + STEP_Y[direction]! / 2);
    at += STEP_X[direction]! + STEP_Y[direction]! * stride;
    // Right before straight before left: pixels that touch by a corner only stay two shapes.
    for (const turn of [1, 0, 3]) {
      const next = (direction + turn) % 4;
      if (edges[at]! & (1 << next)) {
        direction = next;
        break;
      }
    }
  } while (edges[at]! & (1 << direction));
  return middles;
}

/** Each point becomes the mean of its neighbours along a closed line; short lines are averaged over less. */
function smooth(points: number[], reach: number): number[] {
  const size = points.length / 2;
  const near = Math.min(reach, Math.floor(size / 12));
  if (near < 1) return points;
  const smoothed = new Array<number>(points.length);
  for (const axis of [0, 1]) {
    const at = (index: number): number => points[((index + size) % size) * 2 + axis]!;
    let sum = 0;
    for (let i = -near; i <= near; i++) sum += at(i);
    for (let i = 0; i < size; i++) {
      smoothed[i * 2 + axis] = sum / (2 * near + 1);
      sum += at(i + near + 1) - at(i - near);
    }
  }
  return smoothed;
}

/** Douglas-Peucker on a closed line: keeps every left-out point within `tolerance` of what remains. */
function simplify(points: readonly number[], tolerance: number): Polygon {
  const size = points.length / 2;
  const far = farthest(points, 0, 0, size)[0];
  const keep = new Uint8Array(size);
  keep[0] = 1;
  keep[far] = 1;
  const spans: [number, number][] = [
    [0, far],
    [far, size],
  ];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    if (to - from < 2) continue;
    const [index, distance] = farthest(points, from, to % size, to);
    if (distance <= tolerance) continue;
    keep[index] = 1;
    spans.push([from, index], [index, to]);
  }
  const kept: number[] = [];
  for (let i = 0; i < size; i++) if (keep[i]) kept.push(points[i * 2]!, points[i * 2 + 1]!);
  // A thin sliver may shrink to a line; a shape keeps at least its four middles.
  return Float64Array.from(kept.length < 6 ? points : kept);
}

/** The point strictly between `from` and `end` that lies farthest from the segment from → to. */
function farthest(points: readonly number[], from: number, to: number, end: number): [number, number] {
  const ax = points[from * 2]!;
  const ay = points[from * 2 + 1]!;
  const dx = points[to * 2]! - ax;
  const dy = points[to * 2 + 1]! - ay;
  const length = dx * dx + dy * dy;
  let best = from;
  let bestDistance = -1;
  for (let i = from + 1; i < end; i++) {
    const px = points[i * 2]! - ax;
    const py = points[i * 2 + 1]! - ay;
    const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
    const distance = Math.hypot(px - along * dx, py - along * dy);
    if (distance > bestDistance) {
      bestDistance = distance;
      best = i;
    }
  }
  return [best, bestDistance];
}
