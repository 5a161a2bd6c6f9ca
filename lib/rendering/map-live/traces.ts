import { document, getComputedStyle } from './browser.js';
import type { Points } from './points.js';

/** What is drawn, and which points each of plotly's curves holds. */
export interface Drawing {
  traces: object[];
  curves: Int32Array[];
}

export interface Shown {
  colours: readonly string[];
  codes: Uint8Array;
  /** Codes of the groups that are switched off. */
  hidden: ReadonlySet<number>;
  selected: readonly number[];
  found: readonly number[];
}

/** Plain points by group, then hits with their numbers, the query, and rings round what was found and selected. */
export function tracesOf(points: Points, { colours, codes, hidden, selected, found }: Shown): Drawing {
  const members = colours.map((): number[] => []);
  const hits: number[] = [];
  const queries: number[] = [];
  for (let index = 0; index < points.count; index++) {
    const number = points.number[index]!;
    if (number < 0) queries.push(index);
    else if (hidden.has(codes[index]!)) continue;
    else if (number > 0) hits.push(index);
    else members[codes[index]!]?.push(index);
  }
  hits.sort((a, b) => points.number[b]! - points.number[a]!); // the best lies on top
  const size = points.count > 20_000 ? 3 : points.count > 3000 ? 5 : 8;
  // What was not found steps back, so that what was found lights up.
  const opacity = found.length ? 0.25 : 0.8;
  const ink = getComputedStyle(document.body).color;
  const ring = (color: string, wider: number): object => ({
    symbol: 'circle-open',
    color,
    size: size + wider,
    line: { color, width: 2 },
  });
  const there = (index: number): boolean => !hidden.has(codes[index]!);
  const drawing: Drawing = { traces: [], curves: [] };
  const draw = (indices: readonly number[], looks: object): void => {
    if (!indices.length) return;
    drawing.curves.push(Int32Array.from(indices));
    drawing.traces.push({
      type: 'scattergl',
      mode: 'markers',
      x: Float32Array.from(indices, (index) => points.x[index]!),
      y: Float32Array.from(indices, (index) => points.y[index]!),
      hoverinfo: 'none',
      showlegend: false,
      ...looks,
    });
  };
  for (const [code, color] of colours.entries()) draw(members[code]!, { marker: { color, size, opacity } });
  draw(found.filter(there), { marker: ring(ink, 5), hoverinfo: 'skip' });
  draw(hits, {
    mode: 'markers+text',
    text: hits.map((index) => String(points.number[index]!)),
    textfont: { size: 11, color: '#000' },
    marker: {
      color: hits.map((index) => colours[codes[index]!]),
      size: 20,
      line: { color: '#fff', width: 2 },
    },
  });
  draw(queries, {
    marker: { symbol: 'star', color: '#FFC400', size: 20, line: { color: '#222', width: 1.5 } },
  });
  draw(selected.filter(there), { marker: ring(ink, 8), hoverinfo: 'skip' });
  return drawing;
}
