import type { MapPoint, MapView, Sprite } from '../types.js';
import { count, counted, percent } from '../words.js';
import { cutMiddle, dataUri, type Html, html, idOf, raw } from './html.js';
import { firstGrouping, type Grouping, numberedHits } from './legend.js';
import { type Layout, layoutOf, mapPicture } from './map-picture.js';
import { styleOf } from './style.js';

/** Dots that answer the pointer; each costs about 200 bytes, so a large map has them for its hits and an even share. */
const MOST_SPOTS = 1500;
/** Small tiles are shown enlarged to this many pixels. */
const TILE_SHOWN = 128;

export interface MapOptions {
  /** Address of the page that `mapPage` made of the same map; a link to it stands beside the title. */
  page?: string;
}

const style = `
.lookbook .lookbook-map{max-width:980px}
.lookbook .lookbook-stage{position:relative;border-radius:8px;background:rgba(128,128,128,.07)}
.lookbook .lookbook-stage>img{display:block;width:100%;height:auto;max-width:none;margin:0}
.lookbook .lookbook-stage a{position:absolute;width:16px;height:16px;margin:-8px 0 0 -8px;border-radius:50%;cursor:default;outline-offset:1px}
.lookbook .lookbook-stage .lookbook-hit{z-index:1;width:24px;height:24px;margin:-12px 0 0 -12px}
.lookbook .lookbook-stage a:hover,.lookbook .lookbook-stage a:focus{z-index:3;outline:2px solid currentColor}
.lookbook .lookbook-stage i{display:none;position:absolute;left:20px;top:20px;width:max-content;max-width:220px;padding:6px;border:1px solid rgba(128,128,128,.35);border-radius:8px;background:var(--jp-layout-color0,var(--vscode-editor-background,Canvas));color:var(--jp-content-font-color1,inherit);box-shadow:0 4px 16px rgba(0,0,0,.22);font-style:normal;font-size:12.5px;line-height:1.35;pointer-events:none}
.lookbook .lookbook-stage .lookbook-left i{left:auto;right:20px}
.lookbook .lookbook-stage .lookbook-up i{top:auto;bottom:20px}
.lookbook .lookbook-stage a:hover i,.lookbook .lookbook-stage a:focus i{display:block}
.lookbook .lookbook-stage a:focus:not(:hover) i{z-index:-1}
.lookbook .lookbook-stage i::after{content:attr(aria-label);display:block;padding:3px 3px 1px;white-space:pre-line;overflow-wrap:anywhere;unicode-bidi:plaintext}
.lookbook .lookbook-legend{display:flex;flex-wrap:wrap;gap:3px 20px;margin:10px 0 0;font-size:13px}
.lookbook .lookbook-legend i{opacity:.6;font-style:normal;font-variant-numeric:tabular-nums}
.lookbook .lookbook-legend+.lookbook-soft{margin-top:8px}
`;

/**
 * A map of pictures or segments: one still picture of all dots, which every viewer draws, under spots that show
 * thumbnail, title, label and relevance at the pointer or the keyboard's focus. Groups carry their name, hits their
 * number, the query a star.
 */
export function map(view: MapView, { page = view.page }: MapOptions = {}): string {
  if (!view.points.length) {
    return html`<div class="lookbook">${styleOf('')}<div class="lookbook-title"><b>${cutMiddle(view.title, 300)}</b></div><div class="lookbook-soft">${view.note ?? 'Nothing to map yet: index some pictures first.'}</div></div>`
      .markup;
  }
  const layout = layoutOf(view.points);
  const grouping = firstGrouping(view);
  const shown = spotPoints(view.points);
  const id = idOf(`${view.title}${view.points.length}${view.points[0]!.id}`);
  const still = mapPicture(view.points, grouping, layout);
  const spots = shown.map((point) => spot(point, layout, view.sprite));
  return html`<div class="lookbook">${styleOf(`${style}${view.sprite ? tileStyle(id, view.sprite) : ''}`)}<div class="lookbook-map" id="${id}"><div class="lookbook-head"><div class="lookbook-title"><b>${cutMiddle(view.title, 300)}</b></div>${page !== undefined && html`<a href="${safeAddress(page)}" target="_blank" rel="noopener">Open the map that can be searched and selected</a>`}</div>${view.note !== undefined && html`<div class="lookbook-soft">${view.note}</div>`}<div class="lookbook-stage"><img src="${raw(still)}" width="${layout.width}" height="${layout.height}" alt="${`Map of ${counted(view.points.length, 'point')}: near means alike`}">${spots}</div>${legendLine(grouping, view.points)}${shown.length < view.points.length && html`<div class="lookbook-soft">${count(shown.length)} of ${counted(view.points.length, 'point')} answer the pointer: the hits first, then an even share.</div>`}</div></div>`
    .markup;
}

/** The query and the hits in their order, so that the keyboard meets them first, then the rest, evenly thinned. */
function spotPoints(points: readonly MapPoint[]): MapPoint[] {
  const first = [
    ...points.filter(({ kind }) => kind === 'query'),
    ...numberedHits(points).map(({ index }) => points[index]!),
  ];
  const plain = points.filter(({ kind }) => kind === 'plain');
  const room = Math.max(0, MOST_SPOTS - first.length);
  if (plain.length <= room) return [...first, ...plain];
  const even = Array.from({ length: room }, (_, index) => plain[Math.floor((index * plain.length) / room)]!);
  return [...first.slice(0, MOST_SPOTS), ...even];
}

/** A place that answers; its words lie in an attribute, so that nothing of them is left where styles are removed. */
function spot(point: MapPoint, layout: Layout, sprite: Sprite | undefined): Html {
  const [x, y] = layout.place(point);
  const left = x / layout.width;
  const top = y / layout.height;
  const classes = [
    point.kind === 'plain' ? '' : 'lookbook-hit',
    left > 0.6 ? 'lookbook-left' : '',
    top > 0.5 ? 'lookbook-up' : '',
  ].filter(Boolean);
  const title = cutMiddle(point.title, 90);
  // A line feed between them, written as a reference: escapeHtml would make it visible.
  const words = [
    title,
    point.label !== undefined && html`${raw('&#10;')}${cutMiddle(point.label, 60)}`,
    point.relevance !== undefined && html`${raw('&#10;')}relevance ${percent(point.relevance)}`,
  ];
  const tile =
    sprite && point.tile !== undefined ? html` style="--lookbook-tile:${tileAt(point.tile, sprite)}"` : null;
  return html`<a tabindex="0"${classes.length > 0 && html` class="${classes.join(' ')}"`} style="left:${share(left)}%;top:${share(top)}%"><i role="img" aria-label="${words}"${tile}></i></a>`;
}

/** The sprite stands once in the style; each spot only says where its tile lies. */
function tileStyle(id: string, sprite: Sprite): string {
  const shown = Math.max(sprite.tilePx, TILE_SHOWN);
  return `
#${id} i[style]::before{content:"";display:block;width:${shown}px;height:${shown}px;margin:0 auto;border-radius:4px;background:url(${dataUri('image/webp', sprite.webp)}) var(--lookbook-tile)/${sprite.columns * shown}px auto no-repeat}`;
}

function tileAt(tile: number, { tilePx, columns }: Sprite): string {
  const shown = Math.max(tilePx, TILE_SHOWN);
  return `${-(tile % columns) * shown}px ${-Math.floor(tile / columns) * shown}px`;
}

function legendLine({ entries }: Grouping, points: readonly MapPoint[]): Html {
  const items = entries.map(
    ({ label, colour, count: size }) =>
      html`<span><b style="color:${colour}">●</b> <bdi>${cutMiddle(label, 40)}</bdi> <i>${count(size)}</i></span> `,
  );
  const hits = points.some(({ kind }) => kind === 'hit')
    ? html`<span><b>①</b> hits, numbered by rank</span> `
    : null;
  const query = points.some(({ kind }) => kind === 'query')
    ? html`<span><b style="color:#E0A800">★</b> your query</span> `
    : null;
  return html`<div class="lookbook-legend">${items}${hits}${query}</div>`;
}

/** A page beside the notebook, or on the web; what would run on a click leads nowhere. */
function safeAddress(address: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(address.trim())?.[0].toLowerCase();
  return scheme === undefined || ['http:', 'https:', 'file:'].includes(scheme) ? address : '#';
}

function share(value: number): number {
  return Math.round(value * 1e4) / 100;
}
