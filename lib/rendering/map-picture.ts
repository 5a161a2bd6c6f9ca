import type { MapPoint } from '../types.js';
import { cutMiddle, dataUri, type Html, html } from './html.js';
import { type Grouping, NO_GROUP, numberedHits } from './legend.js';
import { HIT_RADIUS, numberSize, STAR_COLOUR, starCorners } from './map-marks.js';
import { groupNames } from './map-names.js';
import { placeNames } from './name-places.js';
import { dotColours, inkOn } from './palette.js';

/** Where each point lies on the still picture, in its pixels. */
export interface Layout {
  width: number;
  height: number;
  place(point: Pick<MapPoint, 'x' | 'y'>): [number, number];
}

const WIDTH = 800;
const MARGIN = 26;
/** Up to here every dot is drawn at its own place; beyond, dots that fall on one spot are drawn once. */
const EXACT = 3000;
const MOST_SPOTS = 10_000;
/** A still picture cannot be drawn nearer to make room for more. */
const MOST_NAMES = 16;

/** Fits the points into a picture of one width, keeping their aspect; the height follows, within reason. */
export function layoutOf(points: readonly MapPoint[]): Layout {
  const [left, right] = extent(points, 'x');
  const [top, bottom] = extent(points, 'y');
  const across = Math.max(right - left, 1e-6);
  const down = Math.max(bottom - top, 1e-6);
  const height = Math.round(Math.min(WIDTH * 0.72, Math.max(WIDTH * 0.42, (WIDTH * down) / across)));
  const scale = Math.min((WIDTH - 2 * MARGIN) / across, (height - 2 * MARGIN) / down);
  const offsetX = (WIDTH - scale * (left + right)) / 2;
  const offsetY = (height - scale * (top + bottom)) / 2;
  return {
    width: WIDTH,
    height,
    place: ({ x, y }) => [finite(x) * scale + offsetX, finite(y) * scale + offsetY],
  };
}

/**
 * All dots as one still picture that every viewer draws, with the names of its groups: `data:image/svg+xml;base64,…`,
 * transparent around the dots.
 */
export function mapPicture(points: readonly MapPoint[], grouping: Grouping, layout: Layout): string {
  const plain = points.flatMap(({ kind }, index) => (kind === 'plain' ? [index] : []));
  const radius = plain.length > EXACT ? 2 : plain.length > 800 ? 3.2 : plain.length > 200 ? 4.2 : 5.2;
  const paths = dotPaths(
    plain.map((index) => ({ at: layout.place(points[index]!), colour: colourAt(grouping, index) })),
  );
  const dots = [...paths].map(([colour, path]) => html`<path d="${path}" stroke="${colour}"/>`);
  const hits = numberedHits(points)
    .reverse()
    .map(({ index, number }) => hitMark(layout.place(points[index]!), colourAt(grouping, index), number));
  const queries = points.filter(({ kind }) => kind === 'query').map((point) => star(layout.place(point)));
  const { width, height } = layout;
  return dataUri(
    'image/svg+xml',
    html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><g fill="none" stroke-linecap="round" stroke-width="${radius * 2}" stroke-opacity=".82">${dots}</g>${names(points, grouping, layout)}${hits}${queries}</svg>`
      .markup,
  );
}

/** The colour of a point by its place in the list. */
export function colourAt({ entries, codes }: Grouping, index: number): string {
  const code = codes[index] ?? NO_GROUP;
  return entries[code]?.colour ?? dotColours[0]!;
}

/** Dots of one colour as one path of strokes without length: about eight bytes a dot. */
function dotPaths(dots: readonly { at: [number, number]; colour: string }[]): Map<string, string> {
  const thin = dots.length > EXACT;
  for (let step = 1; ; step++) {
    const taken = new Set<number>();
    const groups = new Map<string, string>();
    for (const {
      at: [x, y],
      colour,
    } of dots) {
      const spot = Math.round(y / step) * 100_000 + Math.round(x / step);
      if (thin && taken.has(spot)) continue;
      taken.add(spot);
      const at = thin ? `${Math.round(x)} ${Math.round(y)}` : `${tenths(x)} ${tenths(y)}`;
      groups.set(colour, `${groups.get(colour) ?? ''}M${at}h0`);
    }
    if (!thin || taken.size <= MOST_SPOTS) return groups;
  }
}

/** Dark letters in a white rim read on light and on dark paper and over any dot; none lies over another. */
function names(points: readonly MapPoint[], grouping: Grouping, layout: Layout): Html | null {
  const wanted = groupNames(points, grouping)
    .slice(0, MOST_NAMES)
    .map((name) => {
      const [x, y] = layout.place(name);
      return { text: cutMiddle(name.text, 28), x, y };
    });
  const marks = points.flatMap((point) => {
    const [x, y] = layout.place(point);
    return point.kind === 'plain' ? [] : [{ x, y }];
  });
  const placed = placeNames(wanted, { halfOf: (text) => text.length * 4 + 4, marks, within: layout });
  const texts = placed.map(
    ({ text, x, y }) => html`<text x="${tenths(x)}" y="${tenths(y + 4)}">${text}</text>`,
  );
  return texts.length
    ? html`<g text-anchor="middle" font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif" font-size="13" font-weight="600" fill="#1b1b1b" stroke="#fff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke">${texts}</g>`
    : null;
}

function hitMark([x, y]: [number, number], colour: string, number: number): Html {
  return html`<circle cx="${tenths(x)}" cy="${tenths(y)}" r="${HIT_RADIUS}" fill="${colour}" stroke="#222" stroke-width="4"/><circle cx="${tenths(x)}" cy="${tenths(y)}" r="${HIT_RADIUS}" fill="${colour}" stroke="#fff" stroke-width="1.8"/><text x="${tenths(x)}" y="${tenths(y + 4)}" text-anchor="middle" font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif" font-size="${numberSize(number)}" font-weight="700" fill="${inkOn(colour)}">${number}</text>`;
}

function star([x, y]: [number, number]): Html {
  const corners = starCorners(x, y).map(([cornerX, cornerY]) => `${tenths(cornerX)} ${tenths(cornerY)}`);
  const path = `M${corners.join('L')}z`;
  return html`<g stroke-linejoin="round"><path d="${path}" stroke="#222" stroke-width="5"/><path d="${path}" fill="${STAR_COLOUR}" stroke="#fff" stroke-width="2"/></g>`;
}

function extent(points: readonly MapPoint[], axis: 'x' | 'y'): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, finite(point[axis]));
    high = Math.max(high, finite(point[axis]));
  }
  return low <= high ? [low, high] : [0, 1];
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0.5;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
