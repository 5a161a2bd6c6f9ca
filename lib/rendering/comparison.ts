import { shownPath } from '../paths.js';
import type { Comparison, ComparisonCell, Estimate, ExamplePicture, Metric, Sprite } from '../types.js';
import { bytes, count, counted } from '../words.js';
import { cutMiddle, dataUri, type Html, html, idOf, raw } from './html.js';
import { bar, measuresStyle, notesList, pageOf, ratio, score, share } from './measures.js';
import { styleOf } from './style.js';

/** Pixels of a picture in an example row. */
const TILE_PX = 54;

const style = `${measuresStyle}
.lookbook .lookbook-comparison{max-width:1080px}
.lookbook .lookbook-comparison .lookbook-table td{vertical-align:middle;padding-right:14px}
.lookbook .lookbook-comparison td.lookbook-number{white-space:nowrap}
.lookbook .lookbook-comparison table.lookbook-heat{border-collapse:separate;border-spacing:3px;margin:0 0 6px;width:auto}
.lookbook .lookbook-heat th{font-weight:500;text-align:left;padding:2px 10px 2px 0;white-space:nowrap;background:none}
.lookbook .lookbook-heat td{padding:0;text-align:left;background:none}
.lookbook .lookbook-heat a{display:block;padding:5px 9px;border-radius:5px;color:inherit;text-decoration:none;min-width:84px}
.lookbook .lookbook-heat a:hover,.lookbook .lookbook-heat a:focus-visible{outline:2px solid currentColor}
.lookbook .lookbook-heat a span{display:block;font-size:11.5px;opacity:.8}
.lookbook .lookbook-row{padding:8px 6px;border-radius:8px;scroll-margin-top:12px}
.lookbook .lookbook-row:target{background:rgba(230,159,0,.2)}
.lookbook .lookbook-tiles{display:flex;flex-wrap:wrap;gap:4px;margin:4px 0 0}
.lookbook .lookbook-tile{display:block;width:${TILE_PX + 6}px;height:${TILE_PX + 6}px;border:3px solid transparent;border-radius:6px;background-repeat:no-repeat;background-origin:content-box;background-clip:content-box;overflow:hidden;position:relative}
.lookbook .lookbook-tile.lookbook-right{border-color:#009E73}
.lookbook .lookbook-tile.lookbook-query{border:3px double currentColor;margin-right:10px}
.lookbook .lookbook-tile em{position:absolute;clip-path:inset(50%)}
`;

/** A cell with its place in the comparison, which names its example row. */
interface Shown {
  cell: ComparisonCell;
  id: string;
}

/**
 * Models, layers and metrics side by side: heat maps whose cells lead to their example rows, a table with bars, the best
 * first, and for every cell what lies nearest to one picture, the right ones framed.
 */
export function comparisonTable(comparison: Comparison): string {
  const { cells, notes, sprite } = comparison;
  const name = idOf(JSON.stringify([comparison.models, cells.map(({ example }) => example)]));
  const shown = cells.map((cell, at): Shown => ({ cell, id: `${name}-${at}` }));
  const own = sprite && cells.length ? spriteStyle(sprite, name) : '';
  return html`<div class="lookbook" id="${name}">${styleOf(`${style}${own}`)}<div class="lookbook-comparison"><div class="lookbook-head"><div><div class="lookbook-title"><b>${titleOf(comparison)}</b></div><div class="lookbook-soft">${underTitle(comparison)}</div></div></div>${heatMaps(shown)}${barsTable(comparison, shown)}${agreementTable(comparison)}${exampleRows(shown, sprite)}${notesList(notes)}</div></div>`
    .markup;
}

/** The same as a page of its own. */
export function comparisonPage(comparison: Comparison): string {
  return pageOf(titleOf(comparison), comparisonTable(comparison));
}

function titleOf({ models, pictures }: Comparison): string {
  return `${counted(models.length, 'model')} on ${counted(pictures, 'picture')}`;
}

function underTitle({ labels, published }: Comparison): string {
  const by = labels
    ? `Score of 100 by ${labels.classes} classes (${cutMiddle(labels.from, 160)}): of the fifteen nearest, the first weighs most. By chance ${(100 * labels.chance).toFixed(1)} % are right.`
    : 'Without labels: the share of pieces (60 % × 60 %) that find their picture first.';
  const lines = published.map(({ title, score: points }) => `${cutMiddle(title, 80)} ${points.toFixed(1)}`);
  return `${by} In brackets: where 95 of 100 such samples of queries have their mean.${lines.length ? ` Dashed: ${lines.join(', ')}.` : ''}`;
}

/** What a cell is told by: its score, else how well pieces find their picture. */
function figureOf({ score: points, edits }: ComparisonCell): {
  estimate: Estimate;
  most: number;
  text: string;
} {
  if (points) return { estimate: points, most: 100, text: score(points) };
  const estimate = edits?.[0]?.first ?? { mean: 0, low: 0, high: 0 };
  return { estimate, most: 1, text: share(estimate) };
}

/** 0..1 */
function levelOf(cell: ComparisonCell): number {
  const { estimate, most } = figureOf(cell);
  return estimate.mean / most;
}

/** One for each metric: a line of layers for each model. The page's ink stays readable on the strongest blue. */
function heatMaps(shown: readonly Shown[]): Html {
  const metrics = [...new Set(shown.map(({ cell }) => cell.metric))];
  const levels = shown.map(({ cell }) => levelOf(cell));
  const [least, most] = [Math.min(...levels), Math.max(...levels)];
  const strength = (cell: ComparisonCell): string =>
    (most > least ? 0.05 + (0.5 * (levelOf(cell) - least)) / (most - least) : 0.3).toFixed(3);
  const line = (metric: Metric, encoder: string): Html => {
    const own = shown.filter(({ cell }) => cell.metric === metric && cell.encoder === encoder);
    const cells = own.map(
      ({ cell, id }) =>
        html`<td><a href="#${id}" style="background:rgba(0,114,178,${strength(cell)})">${(100 * levelOf(cell)).toFixed(1)}<span>${layerOf(cell)}</span></a></td>`,
    );
    return html`<tr><th scope="row"><bdi>${cutMiddle(encoder, 60)}</bdi></th>${cells}</tr>`;
  };
  const encoders = [...new Set(shown.map(({ cell }) => cell.encoder))];
  return html`${metrics.map(
    (metric) =>
      html`<div class="lookbook-part"><b>${metricName(metric)}</b></div><table class="lookbook-heat"><tbody>${encoders.map((encoder) => line(metric, encoder))}</tbody></table>`,
  )}`;
}

function layerOf({ layer }: ComparisonCell): string {
  return layer === null ? 'own vector' : cutMiddle(layer, 40);
}

function metricName(metric: Metric): string {
  return metric === 'minkowski' ? 'minkowski, p = 3' : metric;
}

function barsTable(comparison: Comparison, shown: readonly Shown[]): Html {
  const { models, published, labels, k } = comparison;
  const sorted = [...shown].sort((a, b) => levelOf(b.cell) - levelOf(a.cell));
  const rows = sorted.map(({ cell, id }) => {
    const { estimate, most, text } = figureOf(cell);
    const { encoder, metric, dimension, precision, averagePrecision } = cell;
    const lines = published.filter((one) => one.metric === undefined || one.metric === metric);
    const facts = models.find((model) => model.encoder === encoder);
    const precise = labels
      ? html`<td class="lookbook-number">${precision && share(precision)}</td><td class="lookbook-number">${averagePrecision && ratio(averagePrecision)}</td>`
      : html``;
    return html`<tr><td><a href="#${id}"><bdi>${cutMiddle(encoder, 60)}</bdi></a> <span class="lookbook-soft">${layerOf(cell)}</span></td><td>${metric}</td><td>${bar(estimate, most, labels ? lines.map((one) => one.score) : [])}</td><td class="lookbook-number">${text}</td>${precise}<td class="lookbook-number">${facts ? milliseconds(facts.msPerPicture) : ''}</td><td class="lookbook-number">${count(dimension)}</td><td class="lookbook-number">${facts?.bytes ? bytes(facts.bytes) : 'unknown'}</td></tr>`;
  });
  const heads = labels
    ? html`<th>Score</th><th>Precision at ${k}</th><th>mAP</th>`
    : html`<th>Found first</th>`;
  return html`<div class="lookbook-part"><b>The best first</b></div><table class="lookbook-table"><thead><tr><th>Model and layer</th><th>Metric</th><th></th>${heads}<th>ms a picture</th><th>Numbers</th><th>Size</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? (value < 10 ? value.toFixed(1) : count(value)) : 'unknown';
}

function agreementTable({ agreement, cells, k }: Comparison): Html {
  if (!agreement.length) return html``;
  const name = (at: number): string => {
    const cell = cells[at]!;
    return cell.layer === null ? cell.encoder : `${cell.encoder} ${cell.layer}`;
  };
  const rows = agreement.map(
    ({ a, b, overlap }) =>
      html`<tr><td><bdi>${cutMiddle(name(a), 80)}</bdi> and <bdi>${cutMiddle(name(b), 80)}</bdi></td><td>${bar(overlap, 1)}</td><td class="lookbook-number">${share(overlap)}</td></tr>`,
  );
  return html`<div class="lookbook-part"><b>How alike they see</b></div><div class="lookbook-soft">Of the ${k} nearest of a picture, so many are the same.</div><table class="lookbook-table"><tbody>${rows}</tbody></table>`;
}

function exampleRows(shown: readonly Shown[], sprite: Sprite | undefined): Html {
  const rows = shown.map(({ cell, id }) => {
    const { query, neighbours } = cell.example;
    const right = neighbours.filter((one) => one.right).length;
    const told = cell.score ? `, ${right} of ${neighbours.length} right` : '';
    return html`<div class="lookbook-row" id="${id}"><b>${cutMiddle(cell.encoder, 60)}</b> <span class="lookbook-soft">${layerOf(cell)}, ${metricName(cell.metric)}${told}</span><div class="lookbook-tiles">${tileOf(query, 'query', sprite)}${neighbours.map((one) => tileOf(one, one.right ? 'right' : '', sprite))}</div></div>`;
  });
  return html`<div class="lookbook-part"><b>One picture, and what each finds nearest</b></div>${rows}`;
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
function spriteStyle({ webp, columns }: Sprite, id: string): string {
  return `#${id} .lookbook-tile[style]{background-image:url(${dataUri('image/webp', webp)});background-size:${columns * TILE_PX}px auto}`;
}
