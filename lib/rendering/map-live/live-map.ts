import { type Plot, Plotly, type PlotPoint, part } from './browser.js';
import { showChosen } from './chosen.js';
import { config, layoutOf } from './layout.js';
import { showNear } from './near.js';
import { codesOf, type Points, wordsOf } from './points.js';
import { matches } from './search.js';
import { tracesOf } from './traces.js';

/** The map as it is now: how it is coloured, what is hidden, found and selected. Every change draws it anew. */
export interface LiveMap {
  readonly plot: Plot;
  readonly points: Points;
  draw(): Promise<void>;
  /** Whether plotly is at work; what it tells meanwhile nobody wished. */
  drawing(): boolean;
  shown(index: number): boolean;
  /** What is said of a point. */
  words(index: number): string[];
  indexOf(point: PlotPoint): number;
  /** The query itself is never selected. */
  select(indices: readonly number[]): void;
  /** Adds a point to the selection, or takes it out. */
  toggle(index: number): void;
  selected(): readonly number[];
  /** Lights up the points whose path or label holds the words; returns them. */
  find(words: string): readonly number[];
  colourBy(field: number): void;
  showGroup(code: number, on: boolean): void;
  /** What dragging does: 'pan', 'select' or 'lasso'. */
  dragBy(mode: string): void;
  seeAll(): void;
}

/** Rings round more found points than this would hide the map. */
const MOST_RINGS = 20_000;

export function liveMapOf(plot: Plot, points: Points): LiveMap {
  let field = points.fields[0]!;
  let codes = codesOf(field);
  let selected: number[] = [];
  let found: number[] = [];
  let curves: Int32Array[] = [];
  let dragmode = 'pan';
  let revision = 0;
  let drawing = false;
  let stale = false;
  const hidden = new Set<number>();
  const shown = (index: number): boolean => points.number[index]! < 0 || !hidden.has(codes[index]!);

  const drawOnce = async (): Promise<void> => {
    const colours = field.entries.map(({ colour }) => colour);
    const drawn = tracesOf(points, { colours, codes, hidden, selected, found: found.slice(0, MOST_RINGS) });
    curves = drawn.curves;
    const names = field.names.filter(({ code }) => !hidden.has(code));
    const layout = layoutOf({ extent: points.extent, names, dragmode, revision });
    await Plotly.react(plot, drawn.traces, layout, config);
  };
  const draw = async (): Promise<void> => {
    stale = true;
    if (drawing) return; // whoever is drawing sees that it is stale and draws again
    drawing = true;
    part('stage').setAttribute('aria-busy', 'true');
    try {
      while (stale) {
        stale = false;
        await drawOnce();
      }
    } finally {
      drawing = false;
      part('stage').setAttribute('aria-busy', 'false');
    }
    showNear(plot, points, shown);
  };
  const select = (indices: readonly number[]): void => {
    selected = [...new Set(indices)].filter((index) => points.number[index]! >= 0);
    revision++;
    showChosen(points, selected);
    void draw();
  };

  return {
    plot,
    points,
    draw,
    drawing: () => drawing,
    shown,
    words: (index) => wordsOf(points, index, field.entries[codes[index]!]?.label ?? null),
    indexOf: ({ curveNumber, pointNumber }) => curves[curveNumber]![pointNumber]!,
    select,
    toggle: (index) =>
      select(selected.includes(index) ? selected.filter((one) => one !== index) : [...selected, index]),
    selected: () => selected,
    find(words) {
      found = matches(points, words);
      void draw();
      return found;
    },
    colourBy(at) {
      field = points.fields[at]!;
      codes = codesOf(field);
      hidden.clear();
      void draw();
    },
    showGroup(code, on) {
      if (on) hidden.delete(code);
      else hidden.add(code);
      void draw();
    },
    dragBy(mode) {
      dragmode = mode;
      // A drawing under way would set the mode that it began with.
      void (drawing ? draw() : Plotly.relayout(plot, { dragmode }));
    },
    seeAll() {
      const [left, right, top, bottom] = points.extent;
      void Plotly.relayout(plot, { 'xaxis.range': [left, right], 'yaxis.range': [bottom, top] });
    },
  };
}
