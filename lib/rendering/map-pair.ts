import { shownPath } from '../paths.js';
import type { Comparison, MapPoint, MapView, Sprite } from '../types.js';
import { count, counted } from '../words.js';
import { cutMiddle, dataUri, type Html, html, idOf, raw } from './html.js';
import { firstGrouping } from './legend.js';
import { type Layout, layoutOf, mapPicture } from './map-picture.js';
import { styleOf } from './style.js';

/** Pairs of dots that answer the pointer; each costs about 500 bytes. */
const MOST_SPOTS = 1500;
/** Small tiles are shown enlarged to this many pixels. */
const TILE_SHOWN = 112;
/** Percent of the width that each map has. */
const HALF = 49;
/** Pixels of a half's own drawing: letters and dots keep their size where two maps share a page. */
const HALF_PX = 480;

const style = `
.lookbook .lookbook-pair{max-width:1080px}
.lookbook .lookbook-pair-titles{display:flex;justify-content:space-between;font-weight:600;margin:0 0 4px}
.lookbook .lookbook-pair-titles span{width:${HALF}%;overflow-wrap:anywhere}
.lookbook .lookbook-halves{position:relative}
.lookbook .lookbook-halves>i{position:absolute;top:0;bottom:0;width:${HALF}%;border-radius:8px;background:rgba(128,128,128,.07)}
.lookbook .lookbook-halves>img{position:absolute;width:${HALF}%;height:auto;max-width:none;margin:0}
.lookbook .lookbook-halves a{color:inherit;text-decoration:none}
.lookbook .lookbook-halves b{position:absolute;width:14px;height:14px;margin:-7px 0 0 -7px;border-radius:50%;cursor:default}
.lookbook .lookbook-halves a:hover b,.lookbook .lookbook-halves a:focus b{z-index:2;outline:3px solid currentColor;outline-offset:1px}
.lookbook .lookbook-halves a:hover b:not(:hover){outline-width:4px;outline-offset:3px}
.lookbook .lookbook-halves b i{display:none;position:absolute;left:18px;top:18px;width:max-content;max-width:200px;padding:6px;border:1px solid rgba(128,128,128,.35);border-radius:8px;background:var(--jp-layout-color0,var(--vscode-editor-background,Canvas));color:var(--jp-content-font-color1,inherit);box-shadow:0 4px 16px rgba(0,0,0,.22);font-style:normal;font-weight:400;font-size:12.5px;line-height:1.35;pointer-events:none}
.lookbook .lookbook-halves b.lookbook-left i{left:auto;right:18px}
.lookbook .lookbook-halves b.lookbook-up i{top:auto;bottom:18px}
.lookbook .lookbook-halves b:hover{z-index:3}
.lookbook .lookbook-halves b:hover i,.lookbook .lookbook-halves a:focus:not(:hover) b:first-child i{display:block}
.lookbook .lookbook-halves b i::after{content:attr(data-words);display:block;padding:3px 3px 1px;white-space:pre-line;overflow-wrap:anywhere;unicode-bidi:plaintext}
.lookbook .lookbook-pair .lookbook-legend{display:flex;flex-wrap:wrap;gap:3px 20px;margin:10px 0 0;font-size:13px}
.lookbook .lookbook-pair .lookbook-legend i{opacity:.6;font-style:normal;font-variant-numeric:tabular-nums}
`;

/** The two maps of a comparison that was asked for them. */
export function comparisonMaps({ maps = [], models }: Comparison): string {
  const [left, right] = maps;
  if (left && right) return mapPair(left, right);
  return html`<div class="lookbook">${styleOf('')}<div class="lookbook-soft">${maps.length ? `Two maps need two layers or two models; here ${counted(models.length, 'model')} has one layer.` : 'Maps are drawn where they are asked for: compare(models, { maps: true }).'}</div></div>`
    .markup;
}

/**
 * Two maps of the same points side by side, drawn still for every viewer. A dot at the pointer, or at the keyboard's
 * focus, is ringed on both maps and shows its thumbnail: both dots of a point are one element, so no script is needed.
 * @param left with its points in the order of `right`'s.
 */
export function mapPair(left: MapView, right: MapView): string {
  const halves = [halfOf(left), halfOf(right)] as const;
  const height = Math.max(...halves.map(({ layout }) => layout.height));
  const places = halves.map(({ layout }, at) => placing(layout, { at, height }));
  const pairs = left.points.map((point, index) => [point, right.points[index] ?? point] as const);
  const chosen = evenly(pairs, MOST_SPOTS);
  const { sprite } = left;
  const id = idOf(JSON.stringify([left.points, right.points, left.title, right.title]));
  const pictures = halves.map(
    ({ picture, layout, title }, at) =>
      html`<i style="${at ? 'right' : 'left'}:0"></i><img src="${raw(picture)}" alt="${`Map by ${title}: near means alike`}" style="left:${at * (100 - HALF)}%;top:${share((height - layout.height) / 2 / height)}%">`,
  );
  const spots = chosen.map(
    (pair) =>
      html`<a tabindex="0"${tileVariable(pair[0], sprite)} aria-label="${wordsOf(pair[0])}">${pair.map((point, at) => dot(point, places[at]!, sprite))}</a>`,
  );
  const { entries } = halves[0].grouping;
  const items = entries.map(
    ({ label, colour, count: size }) =>
      html`<span><b style="color:${colour}">●</b> <bdi>${cutMiddle(label, 40)}</bdi> <i>${count(size)}</i></span> `,
  );
  const ratio = `${((HALF_PX * 100) / HALF).toFixed(1)}/${height.toFixed(1)}`;
  const thinned =
    chosen.length < pairs.length
      ? html`<div class="lookbook-soft">${count(chosen.length)} of ${counted(pairs.length, 'point')} answer the pointer: an even share.</div>`
      : html``;
  return html`<div class="lookbook" id="${id}">${styleOf(`${style}${sprite ? tileStyle(id, sprite) : ''}`)}<div class="lookbook-pair"><div class="lookbook-pair-titles"><span>${cutMiddle(left.title, 120)}</span><span>${cutMiddle(right.title, 120)}</span></div><div class="lookbook-halves" style="aspect-ratio:${ratio}">${pictures}${spots}</div><div class="lookbook-legend">${items}</div>${thinned}</div></div>`
    .markup;
}

interface Half {
  title: string;
  grouping: ReturnType<typeof firstGrouping>;
  layout: Layout;
  picture: string;
}

function halfOf(view: MapView): Half {
  const grouping = firstGrouping(view);
  const whole = layoutOf(view.points);
  const scale = HALF_PX / whole.width;
  const layout: Layout = {
    width: HALF_PX,
    height: scale * whole.height,
    place: (point) => {
      const [x, y] = whole.place(point);
      return [scale * x, scale * y];
    },
  };
  return { title: view.title, grouping, layout, picture: mapPicture(view.points, grouping, layout) };
}

type Placing = (point: MapPoint) => { x: number; y: number; left: number; top: number };

/** Where a point lies in its half, 0..1, and in both together, in percent. */
function placing(layout: Layout, { at, height }: { at: number; height: number }): Placing {
  return (point) => {
    const [x, y] = layout.place(point).map((value, axis) => value / (axis ? height : layout.width)) as [
      number,
      number,
    ];
    const top = y + (height - layout.height) / 2 / height;
    return { x, y: top, left: at * (100 - HALF) + HALF * x, top: 100 * top };
  };
}

function dot(point: MapPoint, place: Placing, sprite: Sprite | undefined): Html {
  const { x, y, left, top } = place(point);
  const classes = [x > 0.6 ? 'lookbook-left' : '', y > 0.5 ? 'lookbook-up' : ''].filter(Boolean);
  const hasTile = sprite !== undefined && point.tile !== undefined;
  return html`<b${classes.length > 0 && html` class="${classes.join(' ')}"`} style="left:${rounded(left)}%;top:${rounded(top)}%"><i${hasTile && html` class="lookbook-tiled"`} data-words="${wordsOf(point)}"></i></b>`;
}

/** A line feed between them, written as a reference: escapeHtml would make it visible. */
function wordsOf({ title, label }: MapPoint): Html {
  return html`${cutMiddle(shownPath(title), 90)}${label !== undefined && html`${raw('&#10;')}${cutMiddle(label, 60)}`}`;
}

function tileVariable({ tile }: MapPoint, sprite: Sprite | undefined): Html | false {
  if (!sprite || tile === undefined) return false;
  const [column, row] = [tile % sprite.columns, Math.floor(tile / sprite.columns)];
  const shown = Math.max(sprite.tilePx, TILE_SHOWN);
  return html` style="--lookbook-tile:-${column * shown}px -${row * shown}px"`;
}

/** The sprite stands once in the style; each point only says where its tile lies. */
function tileStyle(id: string, sprite: Sprite): string {
  const shown = Math.max(sprite.tilePx, TILE_SHOWN);
  return `#${id} i.lookbook-tiled::before{content:"";display:block;width:${shown}px;height:${shown}px;margin:0 auto;border-radius:4px;background:url(${dataUri('image/webp', sprite.webp)}) var(--lookbook-tile)/${sprite.columns * shown}px auto no-repeat}`;
}

function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]!);
}

function share(value: number): number {
  return rounded(100 * value);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
