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
/** A scattered group has about a sixtieth of its points in its densest place, a round one a quarter and more. */
const TOGETHER = 0.2;
/** More names than this nobody reads, and each is in the page. */
const MOST_NAMES = 40;

/** The points of one value by the raster's cells. */
interface Members {
  code: number;
  /** Whether it shares its entry of the legend, and its colour, with other values. */
  shared: boolean;
  count: number;
  cells: Map<number, number[]>;
}

/**
 * Names for the groups of a category, each at the densest place of its group: a mean would lie between the parts of a
 * group that is in several. Those with a colour of their own come first, most points first; then what shares the grey
 * one, where enough of its points lie together. Ranges of numbers have no one place and are not named.
 */
export function groupNames(points: readonly MapPoint[], grouping: Grouping): GroupName[] {
  if (grouping.kind !== 'category') return [];
  const named = [...membersByText(points, grouping)]
    .filter(([text, { count }]) => count >= FEWEST && text.trim())
    .sort(
      ([, a], [, b]) =>
        Number(a.shared) - Number(b.shared) || (a.shared ? b.count - a.count : a.code - b.code),
    );
  return named
    .map(([text, { code, shared, count, cells }]) => {
      const place = densest(cells);
      return { text, code, place: shared && place.length < TOGETHER * count ? [] : place };
    })
    .filter(({ place }) => place.length)
    .slice(0, MOST_NAMES)
    .map(({ text, code, place }) => ({ text, code, ...meanOf(points, place) }));
}

function membersByText(points: readonly MapPoint[], { entries, codes, own }: Grouping): Map<string, Members> {
  const found = new Map<string, Members>();
  for (const [index, { x, y }] of points.entries()) {
    const code = codes[index]!;
    const entry = entries[code];
    const value = own[index];
    if (!entry || value === null || value === undefined || !Number.isFinite(x + y)) continue;
    const text = entry.rest ? String(value) : entry.label;
    const members = found.get(text) ?? { code, shared: entry.rest === true, count: 0, cells: new Map() };
    const cell = Math.floor(y * CELLS) * 1000 + Math.floor(x * CELLS);
    members.count++;
    const there = members.cells.get(cell);
    if (there) there.push(index);
    else members.cells.set(cell, [index]);
    found.set(text, members);
  }
  return found;
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
