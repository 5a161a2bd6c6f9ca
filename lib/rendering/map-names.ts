import type { MapPoint } from '../types.js';
import type { Grouping } from './legend.js';

/** A group's name and where on the map it stands. */
export interface GroupName {
  text: string;
  /** The group's code. */
  code: number;
  x: number;
  y: number;
}

/** Cells a side of the raster in which a group's densest place is looked for. */
const CELLS = 24;
/** A group of fewer points has no place of its own. */
const FEWEST = 3;
/** A name that would lie this near to a hit or the query, up or down, makes way for its mark. */
const TOO_NEAR = 0.03;

/**
 * Names for the groups of a category, most points first, each at the densest place of its group: a mean would lie
 * between the parts of a group that is in several. Ranges of numbers have no one place and are not named.
 */
export function groupNames(points: readonly MapPoint[], { kind, entries, codes }: Grouping): GroupName[] {
  if (kind !== 'category') return [];
  const cells = entries.map(() => new Map<number, number[]>());
  for (const [index, { x, y }] of points.entries()) {
    const found = cells[codes[index]!];
    if (!found || !Number.isFinite(x + y)) continue;
    const cell = Math.floor(y * CELLS) * 1000 + Math.floor(x * CELLS);
    const members = found.get(cell);
    if (members) members.push(index);
    else found.set(cell, [index]);
  }
  return entries.flatMap(({ label, count, rest }, code) => {
    if (rest || count < FEWEST || !label.trim()) return [];
    const place = densest(cells[code]!);
    return place.length ? [{ text: label, code, ...besideMarks(points, meanOf(points, place)) }] : [];
  });
}

/** The points of the fullest cell and of the eight around it. */
function densest(cells: ReadonlyMap<number, number[]>): number[] {
  const around = (cell: number): number[] =>
    [-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001].flatMap((step) => cells.get(cell + step) ?? []);
  let best: number[] = [];
  let most = 0;
  for (const [cell, members] of cells) {
    if (members.length <= most) continue;
    most = members.length;
    best = around(cell);
  }
  return best;
}

function meanOf(points: readonly MapPoint[], members: readonly number[]): { x: number; y: number } {
  const mean = (axis: 'x' | 'y'): number =>
    members.reduce((sum, index) => sum + points[index]![axis], 0) / members.length;
  return { x: mean('x'), y: mean('y') };
}

function besideMarks(
  points: readonly MapPoint[],
  { x, y }: { x: number; y: number },
): { x: number; y: number } {
  const covers = (at: number): boolean =>
    points.some(
      (point) =>
        point.kind !== 'plain' && Math.abs(point.y - at) < TOO_NEAR && Math.abs(point.x - x) < 2 * TOO_NEAR,
    );
  const free = [0, -0.045, 0.045, -0.09, 0.09].map((shift) => y + shift).find((at) => !covers(at));
  return { x, y: free ?? y };
}
