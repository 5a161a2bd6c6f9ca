import type { MapPoint, MapView } from '../types.js';
import { cutMiddle, visible } from './html.js';
import { type Grouping, groupingsOf, type LegendEntry, numberedHits } from './legend.js';
import { type GroupName, groupNames } from './map-names.js';
import { selectionLine } from './map-selection.js';

/** Numbers as the page reads them: little-endian bytes in base64. */
export type Base64 = string;

/** What the page's script is given. Plain JSON; numbers of all points travel as bytes. */
export interface MapPageData {
  count: number;
  /** float32[count, 2]: x, y. */
  places: Base64;
  /** Left, right, top, bottom. */
  extent: [number, number, number, number];
  /** As they are shown: nothing in them acts unseen. */
  titles: string[];
  /** By index: the line of a selection, where it is not the title as it is shown. */
  lines: Record<number, string>;
  /** Only where titles repeat: an id tells these points apart. */
  ids: string[] | null;
  labels: string[];
  /** int32[count] into `labels`; −1 without one. */
  label: Base64;
  /** int32[count]: 0 plain, −1 the query, else the hit's number. */
  number: Base64;
  /** float32[count], 0..1; −1 where it was not asked. */
  relevance: Base64;
  /** int32[count] into the sprite; −1 without one. */
  tile: Base64;
  sprite: { columns: number; tilePx: number } | null;
  fields: MapPageField[];
}

export interface MapPageField {
  name: string;
  entries: LegendEntry[];
  /** uint8[count] into `entries`; 255 for none. */
  codes: Base64;
  names: GroupName[];
}

/** A map as the page's script reads it. */
export function mapPageData(view: MapView): MapPageData {
  const { points, sprite } = view;
  const labels = [...new Set(points.flatMap(({ label }) => label ?? []))];
  const labelAt = new Map(labels.map((label, index) => [label, index]));
  const numbers = new Int32Array(points.length);
  for (const { index, number } of numberedHits(points)) numbers[index] = number;
  for (const [index, { kind }] of points.entries()) if (kind === 'query') numbers[index] = -1;
  const places = Float32Array.from(points.flatMap(({ x, y }) => [finite(x), finite(y)]));
  const titles = points.map(({ title }) => visible(title));
  const repeated = new Set(points.map(({ title }) => title)).size < points.length;
  const ints = (of: (point: MapPoint) => number): Base64 => base64(Int32Array.from(points, of));
  return {
    count: points.length,
    places: base64(places),
    extent: extentOf(places),
    titles,
    lines: Object.fromEntries(
      points.flatMap(({ title }, index) => {
        const line = selectionLine(title);
        return line === titles[index] ? [] : [[index, line]];
      }),
    ),
    ids: repeated ? points.map(({ id }) => id) : null,
    labels: labels.map(visible),
    label: ints(({ label }) => (label === undefined ? -1 : labelAt.get(label)!)),
    number: base64(numbers),
    relevance: base64(Float32Array.from(points, ({ relevance }) => relevance ?? -1)),
    tile: ints(({ tile }) => (sprite && tile !== undefined ? tile : -1)),
    sprite: sprite ? { columns: sprite.columns, tilePx: sprite.tilePx } : null,
    fields: groupingsOf(view).map((grouping) => fieldOf(points, grouping)),
  };
}

/** JSON that can stand inside a script element: no "<" is left that could end it. */
export function jsonOf(data: MapPageData): string {
  return JSON.stringify(data).replace(/</g, '\\u003c');
}

function fieldOf(points: readonly MapPoint[], grouping: Grouping): MapPageField {
  const { name, entries, codes } = grouping;
  return {
    name: visible(name),
    entries: entries.map((entry) => ({ ...entry, label: visible(entry.label) })),
    codes: base64(codes),
    names: groupNames(points, grouping).map((one) => ({ ...one, text: visible(cutMiddle(one.text, 40)) })),
  };
}

/** What is seen at first: all points, with a little room around them. */
function extentOf(places: Float32Array): MapPageData['extent'] {
  if (!places.length) return [0, 1, 0, 1];
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < places.length; at += 2) {
    left = Math.min(left, places[at]!);
    right = Math.max(right, places[at]!);
    top = Math.min(top, places[at + 1]!);
    bottom = Math.max(bottom, places[at + 1]!);
  }
  const room = 0.03 * Math.max(right - left, bottom - top, 0.1);
  return [left - room, right + room, top - room, bottom + room];
}

function base64(numbers: Float32Array | Int32Array | Uint8Array): Base64 {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0.5;
}
