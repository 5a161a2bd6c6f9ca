/** One picture, and what lies nearest to it by each cell of a comparison. */
import { shownPath } from '../paths.js';
import type { ExamplePicture, Sprite } from '../types.js';
import { counted } from '../words.js';
import { layerOf, levelOf, metricName, type Shown } from './comparison-cells.js';
import { cutMiddle, dataUri, type Html, html, raw } from './html.js';

/** Pixels of a picture in an example row. */
const TILE_PX = 54;

/** Of the example rows: right ones framed, the one that was led to on a ground of its own. */
export const rowsStyle: string = `
.lookbook .lookbook-row{padding:8px 6px;border-radius:8px;scroll-margin-top:12px}
.lookbook .lookbook-row:target{background:rgba(230,159,0,.2)}
.lookbook .lookbook-tiles{display:flex;flex-wrap:wrap;gap:4px;margin:4px 0 0}
.lookbook .lookbook-tile{display:block;width:${TILE_PX + 6}px;height:${TILE_PX + 6}px;border:3px solid transparent;border-radius:6px;background-repeat:no-repeat;background-origin:content-box;background-clip:content-box;overflow:hidden;position:relative}
.lookbook .lookbook-tile.lookbook-right{border-color:#009E73}
.lookbook .lookbook-tile.lookbook-query{border:3px double currentColor;margin-right:10px}
.lookbook .lookbook-tile em{position:absolute;clip-path:inset(50%)}
`;

/** Of each model the row of its best cell; the others behind it, which open when a cell of the heat map is clicked. */
export function exampleRows(shown: readonly Shown[], sprite: Sprite | undefined): Html {
  const parts = [...new Set(shown.map(({ cell }) => cell.encoder))].map((encoder) => {
    const own = shown.filter(({ cell }) => cell.encoder === encoder);
    const best = own.reduce((a, b) => (levelOf(b.cell) > levelOf(a.cell) ? b : a));
    const rest = own.filter((one) => one !== best);
    return html`${exampleRow(best, sprite)}${rest.length > 0 && html`<details><summary>${counted(rest.length, 'more row')} of ${cutMiddle(encoder, 60)}</summary>${rest.map((one) => exampleRow(one, sprite))}</details>`}`;
  });
  const says =
    shown.length > 1 ? 'Each model by its best cell. Click a number above to see the row of its cell.' : '';
  return html`<div class="lookbook-part"><b>One picture, and what each finds nearest</b></div><div class="lookbook-soft">${says}</div>${parts}`;
}

function exampleRow({ cell, id }: Shown, sprite: Sprite | undefined): Html {
  const { query, neighbours } = cell.example;
  const right = neighbours.filter((one) => one.right).length;
  const told = cell.score ? `, ${right} of ${neighbours.length} right` : '';
  return html`<div class="lookbook-row" id="${id}"><b>${cutMiddle(cell.encoder, 60)}</b> <span class="lookbook-soft">${layerOf(cell)}, ${metricName(cell.metric)}${told}</span><div class="lookbook-tiles">${tileOf(query, 'query', sprite)}${neighbours.map((one) => tileOf(one, one.right ? 'right' : '', sprite))}</div></div>`;
}

/** Where no style is, the name stands in place of the picture. */
function tileOf(
  { path, tile }: ExamplePicture,
  kind: 'query' | 'right' | '',
  sprite: Sprite | undefined,
): Html {
  const place = sprite && tile !== undefined ? placeOf(tile, sprite) : '';
  const word = kind === 'right' ? '✓ ' : kind === 'query' ? 'asked: ' : '';
  return html`<span class="lookbook-tile${kind && raw(` lookbook-${kind}`)}" title="${cutMiddle(shownPath(path), 200)}"${place && html` style="${raw(place)}"`}><em>${word}${cutMiddle(shownPath(path), 120)} </em></span>`;
}

function placeOf(tile: number, { columns }: Sprite): string {
  const [column, row] = [tile % columns, Math.floor(tile / columns)];
  return `background-position:-${column * TILE_PX}px -${row * TILE_PX}px`;
}

/** All thumbnails lie in one picture, which stands in the output once. */
export function spriteStyle({ webp, columns }: Sprite, id: string): string {
  return `#${id} .lookbook-tile[style]{background-image:url(${dataUri('image/webp', webp)});background-size:${columns * TILE_PX}px auto}`;
}
