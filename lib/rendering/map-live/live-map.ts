import {
  type Canvas2d,
  document,
  getComputedStyle,
  type Plot,
  Plotly,
  part,
  requestAnimationFrame,
} from './browser.js';
import { showChosen } from './chosen.js';
import { cloudOf, type Look } from './cloud.js';
import { type Frame, frameOf, onStage, type Place } from './frame.js';
import { layersOf } from './layers.js';
import { config, frameOnly, layoutOf } from './layout.js';
import { marksOf } from './marks.js';
import { showNear } from './near.js';
import { pointAt, pointsIn, type Shape } from './picking.js';
import { codesOf, type Points, wordsOf } from './points.js';
import { matches } from './search.js';

/** The map as it is now: how it is coloured, what is hidden, found and selected. Every change draws it anew. */
export interface LiveMap {
  readonly points: Points;
  readonly plot: Plot;
  draw(): Promise<void>;
  /** Whether plotly is at work; what it tells meanwhile nobody wished. */
  drawing(): boolean;
  /** Draws the dots where plotly has moved to, once before the screen's next frame. */
  follow(): void;
  /** The map has come to rest. */
  rest(): void;
  frame(): Frame;
  shown(index: number): boolean;
  /** What is said of a point. */
  words(index: number): string[];
  /** The point that the pointer means at a place of the stage. */
  pointAt(at: Place): number | null;
  placeOf(index: number): Place;
  /** Pixels across a dot. */
  diameter(): number;
  /** The query itself is never selected. */
  select(indices: readonly number[]): void;
  /** Adds points to the selection; with `less`, those that are in it are taken out. */
  add(indices: readonly number[], how?: { less: boolean }): void;
  inside(shape: Shape): number[];
  selected(): readonly number[];
  /** Lights up the points whose path or label holds the words; returns them. */
  find(words: string): readonly number[];
  colourBy(field: number): void;
  showGroup(code: number, on: boolean): void;
  /** What dragging does: 'pan', 'select' or 'lasso'. */
  dragBy(mode: string): void;
  dragsBy(): string;
  seeAll(): void;
}

/** How far beside a dot the pointer may be, in pixels. */
const NEAR_ENOUGH = 5;

export function liveMapOf(plot: Plot, points: Points, context: Canvas2d): LiveMap {
  const cloud = cloudOf(context, points);
  let field = points.fields[0]!;
  let codes = codesOf(field);
  let selected: number[] = [];
  let found: number[] = [];
  let look: Look | undefined;
  let dragmode = 'pan';
  let revision = 0;
  let drawing = false;
  let stale = false;
  let following = false;
  const hidden = new Set<number>();
  const shown = (index: number): boolean => points.number[index]! < 0 || !hidden.has(codes[index]!);
  const frame = (): Frame => frameOf(plot);
  const placeOf = (index: number): Place => onStage(frame(), { x: points.x[index]!, y: points.y[index]! });
  const diameter = (): number => cloud.diameterAt(frame());

  const follow = (): void => {
    if (following || !look) return;
    following = true;
    requestAnimationFrame(() => {
      following = false;
      cloud.draw(frame(), look!);
    });
  };
  const rest = (): void => {
    if (look) showNear(points, frame(), { shown, names: cloud.draw(frame(), look) });
  };
  const lookAnew = (): void => {
    const { color, backgroundColor } = getComputedStyle(document.body);
    const [ink, paper] = [color, backgroundColor].map((colour) => {
      context.fillStyle = colour;
      return context.fillStyle; // as #rrggbb, however it was written
    }) as [string, string];
    const told = { groups: field.entries, codes, there: shown };
    look = {
      layers: layersOf(points, { ...told, found, selected, ink, paper }),
      marks: marksOf(points, told),
      names: field.names.filter(({ code }) => !hidden.has(code)),
      ink,
      paper,
    };
    follow();
  };
  const drawOnce = async (): Promise<void> => {
    lookAnew();
    await Plotly.react(plot, [frameOnly], layoutOf({ extent: points.extent, dragmode, revision }), config);
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
    rest();
  };
  const select = (indices: readonly number[]): void => {
    selected = [...new Set(indices)].filter((index) => points.number[index]! >= 0);
    revision++;
    showChosen(points, selected);
    void draw();
  };

  return {
    points,
    plot,
    draw,
    drawing: () => drawing,
    follow,
    rest,
    frame,
    shown,
    words(index) {
      const group = field.entries[codes[index]!];
      return wordsOf(points, index, group && !group.rest ? group.label : null);
    },
    pointAt: (at) => pointAt(points, frame(), { at, within: diameter() / 2 + NEAR_ENOUGH, shown }),
    placeOf,
    diameter,
    select,
    add(indices, { less } = { less: false }) {
      const before = new Set(selected);
      const out = new Set(less ? indices.filter((index) => before.has(index)) : []);
      select([...selected, ...indices].filter((index) => !out.has(index)));
    },
    inside: (shape) => pointsIn(points, shape, shown),
    selected: () => selected,
    find(words) {
      found = matches(points, words);
      lookAnew();
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
    dragsBy: () => dragmode,
    seeAll() {
      const [left, right, top, bottom] = points.extent;
      void Plotly.relayout(plot, { 'xaxis.range': [left, right], 'yaxis.range': [bottom, top] });
    },
  };
}
