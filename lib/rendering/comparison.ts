import type { Comparison, ComparisonCell, EditName, Metric } from '../types.js';
import { bytes, count, counted } from '../words.js';
import { figureOf, layerOf, levelOf, metricName, type Shown } from './comparison-cells.js';
import { exampleRows, rowsStyle, spriteStyle } from './comparison-rows.js';
import { cutMiddle, type Html, html, idOf } from './html.js';
import { comparisonMaps } from './map-pair.js';
import { bar, measuresStyle, notesList, pageOf, ratio, score, share } from './measures.js';
import { styleOf } from './style.js';

/** Lines of the table that stand open. */
const LINES_OPEN = 12;

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
.lookbook .lookbook-heats{overflow-x:auto}
.lookbook .lookbook-comparison summary{cursor:pointer;padding:6px;font-size:13px;opacity:.8}
.lookbook .lookbook-verdict{max-width:72ch;margin:0 0 6px}
${rowsStyle}
`;

/**
 * Models, layers and metrics side by side: heat maps whose cells lead to their example rows, a table with bars, the best
 * first, and for every cell what lies nearest to one picture, the right ones framed.
 */
export function comparisonTable(comparison: Comparison): string {
  const { cells, notes, sprite } = comparison;
  const name = idOf(JSON.stringify([comparison.models, cells.map(({ example }) => example)]));
  const shown = cells.map((cell, at): Shown => ({ cell, id: `${name}-${at}` }));
  const own = sprite && cells.length ? spriteStyle(sprite, name) : '';
  return html`<div class="lookbook" id="${name}">${styleOf(`${style}${own}`)}<div class="lookbook-comparison"><div class="lookbook-head"><div><div class="lookbook-title"><b>${titleOf(comparison)}</b></div><div class="lookbook-soft">${underTitle(comparison)}</div></div></div>${verdict(comparison)}${heatMaps(shown)}${exampleRows(shown, sprite)}${barsTable(comparison, shown)}${agreementTable(comparison)}${notesList(notes)}</div></div>`
    .markup;
}

/** The same as a page of its own, with the maps where they were asked for. */
export function comparisonPage(comparison: Comparison): string {
  const maps = comparison.maps?.length === 2 ? comparisonMaps(comparison) : '';
  return pageOf(titleOf(comparison), comparisonTable(comparison) + maps);
}

function titleOf({ models, pictures }: Comparison): string {
  return `${counted(models.length, 'model')} on ${counted(pictures, 'picture')}`;
}

function underTitle({ labels, published }: Comparison): string {
  const by = labels
    ? `Score of 100 by ${labels.classes} classes (${cutMiddle(labels.from, 160)}): of the fifteen nearest, the first weighs most. By chance ${(100 * labels.chance).toFixed(1)} % are right.`
    : 'Without labels: the share of pieces (60 % × 60 %) that find their picture first.';
  const lines = [...new Set(published.map(({ title }) => title))].map((title) => {
    const own = published.filter((one) => one.title === title);
    const scores = own.map(
      ({ metric, score: points }) => `${points.toFixed(1)}${metric ? ` by ${metric}` : ''}`,
    );
    return `${cutMiddle(title, 80)} ${scores.join(', ')}`;
  });
  return `${by} In brackets: where 95 of 100 such samples of queries have their mean.${labels && lines.length ? ` Dashed: ${lines.join('; ')}.` : ''}`;
}

/** The answer in a sentence or two, and how sure it is. */
function verdict({ cells, lead, pictures }: Comparison): Html {
  const best = lead ? cells[lead.best] : [...cells].sort((a, b) => levelOf(b) - levelOf(a))[0];
  if (!best || cells.length < 2) return html``;
  const first = html`<b>${cutMiddle(best.encoder, 60)}</b>, ${layerOf(best)}, by ${metricName(best.metric)}`;
  if (!best.score) {
    const { mean, low, high } = figureOf(best).estimate;
    return html`<p class="lookbook-verdict">${first}, knows these pictures best: ${share({ mean, low, high })} of the pieces find theirs first. Where brackets overlap, the difference may be chance.</p>`;
  }
  if (!lead) return html``;
  const rival = cells[lead.rival]!;
  const { mean, low, high } = lead.ahead;
  const second = html`${cutMiddle(rival.encoder, 60)}, ${layerOf(rival)}, by ${metricName(rival.metric)}`;
  const sure =
    low > 0
      ? 'That is more than chance.'
      : `That may be chance: ${pictures < 500 ? 'more pictures would tell.' : 'they are about as good.'}`;
  return html`<p class="lookbook-verdict">${first}, suits these pictures best: ${score(best.score)}. Of the same pictures asking, it is ahead of ${second}, by ${points(mean)} points (${points(low)} to ${points(high)}). ${sure}</p>`;
}

/** -1.94 → "−1.9" */
function points(value: number): string {
  return value.toFixed(1).replace('-', '−');
}

/** One for each metric, with a line of layers for each model. The page's ink stays readable on the strongest blue. */
function heatMaps(shown: readonly Shown[]): Html {
  const metrics = [...new Set(shown.map(({ cell }) => cell.metric))];
  const levels = shown.map(({ cell }) => levelOf(cell));
  const [least, most] = [Math.min(...levels), Math.max(...levels)];
  const strength = (cell: ComparisonCell): string =>
    (most > least ? 0.05 + (0.5 * (levelOf(cell) - least)) / (most - least) : 0.3).toFixed(3);
  const line = (metric: Metric, encoder: string, head: string): Html => {
    const own = shown.filter(({ cell }) => cell.metric === metric && cell.encoder === encoder);
    const cells = own.map(
      ({ cell, id }) =>
        html`<td><a href="#${id}" style="background:rgba(0,114,178,${strength(cell)})">${(100 * levelOf(cell)).toFixed(1)}<span>${layerOf(cell)}</span></a></td>`,
    );
    return html`<tr><th scope="row"><bdi>${cutMiddle(head, 60)}</bdi></th>${cells}</tr>`;
  };
  const encoders = [...new Set(shown.map(({ cell }) => cell.encoder))];
  const [only, ...others] = encoders;
  // One model needs one table: a line for each metric.
  if (only !== undefined && !others.length)
    return heatTable(
      only,
      metrics.map((metric) => line(metric, only, metricName(metric))),
    );
  return html`${metrics.map((metric) =>
    heatTable(
      metricName(metric),
      encoders.map((encoder) => line(metric, encoder, encoder)),
    ),
  )}`;
}

function heatTable(title: string, lines: readonly Html[]): Html {
  return html`<div class="lookbook-part"><b>${cutMiddle(title, 60)}</b></div><div class="lookbook-heats"><table class="lookbook-heat"><tbody>${lines}</tbody></table></div>`;
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
      : further(cell);
    return html`<tr><td><a href="#${id}"><bdi>${cutMiddle(encoder, 60)}</bdi></a> <span class="lookbook-soft">${layerOf(cell)}</span></td><td>${metric}</td><td>${bar(estimate, most, labels ? lines.map((one) => one.score) : [])}</td><td class="lookbook-number">${text}</td>${precise}<td class="lookbook-number">${facts ? milliseconds(facts.msPerPicture) : ''}</td><td class="lookbook-number">${count(dimension)}</td><td class="lookbook-number">${facts?.bytes ? bytes(facts.bytes) : 'unknown'}</td></tr>`;
  });
  const heads = labels
    ? html`<th>Score</th><th>Precision at ${k}</th><th>mAP</th>`
    : html`<th>Piece found first</th>${FURTHER_EDITS.map(({ name }) => html`<th>${name}</th>`)}`;
  const tableOf = (some: readonly Html[]): Html =>
    html`<table class="lookbook-table"><thead><tr><th>Model and layer</th><th>Metric</th><th></th>${heads}<th>ms a picture</th><th>Numbers</th><th>Size</th></tr></thead><tbody>${some}</tbody></table>`;
  const rest = rows.slice(LINES_OPEN);
  const says = labels
    ? html``
    : html`<div class="lookbook-soft">Of each edit: how many find their picture first, and how near they stay to it (cosine; 1 is the same).</div>`;
  return html`<div class="lookbook-part"><b>The best first</b></div>${says}${tableOf(rows.slice(0, LINES_OPEN))}${rest.length > 0 && html`<details><summary>${counted(rest.length, 'more line')}</summary>${tableOf(rest)}</details>`}`;
}

/** The edits beside the pieces, which have a bar. */
const FURTHER_EDITS: readonly { edit: EditName; name: string }[] = [
  { edit: 'flipped', name: 'Mirrored' },
  { edit: 'brighter', name: 'Brighter' },
  { edit: 'recompressed', name: 'Recompressed' },
];

function further({ edits = [] }: ComparisonCell): Html {
  const cells = FURTHER_EDITS.map(({ edit }) => {
    const found = edits.find((one) => one.edit === edit);
    return html`<td class="lookbook-number">${found && html`${(100 * found.first.mean).toFixed(1)} % <span class="lookbook-soft">${found.cosine.mean.toFixed(3)}</span>`}</td>`;
  });
  return html`${cells}`;
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
