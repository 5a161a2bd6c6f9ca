import { logistic } from '../arithmetic/logistic.js';
import type { Hit, Judgement, SearchResult } from '../types.js';
import { cutMiddle, type Html, html } from './html.js';
import { styleOf, tableStyle } from './style.js';

const style = `${tableStyle}
.lookbook .lookbook-explanation{max-width:980px}
`;

/** The numbers behind the hits of a search that was asked with `explain: true`, a line for each piece of evidence. */
export function explanation({ title, hits }: Pick<SearchResult, 'title' | 'hits'>): string {
  const explained = hits.filter((hit) => hit.explanation !== undefined);
  const formula = explained[0]?.explanation?.formula;
  const subtitle = formula
    ? `Ordered by ${formula}. Relevance: the cosine through the curve that was measured for the encoder, for some less a share of what the ten best of the background score on the same thing. The background is a thousand ordinary words; where pictures ask, other pictures of the collection.`
    : 'Ask with explain: true to see the numbers.';
  const lines = explained.map((hit) => linesOf(hit));
  const isNamed = lines.flat().some(({ judged }) => judged?.background.best !== undefined);
  const rows = explained.flatMap((hit, index) => rowsOf(lines[index]!, headOf(hit, index + 1), isNamed));
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-explanation"><div class="lookbook-head"><div><div class="lookbook-title"><b>Why: ${cutMiddle(title, 200)}</b></div><div class="lookbook-soft">${subtitle}</div></div></div>${rows.length > 0 && html`<table class="lookbook-table"><thead><tr><th>Hit</th><th>Evidence</th><th>Cosine</th><th>Ten best of the background</th>${isNamed && html`<th>Best word</th>`}<th>Relevance</th></tr></thead><tbody>${rows}</tbody></table>`}</div></div>`
    .markup;
}

/** One piece of evidence. */
interface Line {
  name: string;
  judged?: Judgement;
  relevance: number;
}

function linesOf({ explanation }: Hit): Line[] {
  const { picture, segment, label, all = [], without = [] } = explanation!;
  return [
    ...(segment ? [judgedLine('its best segment', segment)] : []),
    ...(picture ? [judgedLine('the whole picture', picture)] : []),
    ...all.map((thing) => judgedLine(`“${thing.title}”`, thing)),
    ...(label ? [{ name: `the label “${label.label}”`, relevance: label.relevance }] : []),
    ...without.map((thing) => ({ name: `not wanted: “${thing.title}”`, relevance: logistic(thing.logit) })),
  ];
}

function judgedLine(name: string, judged: Judgement): Line {
  return { name, judged, relevance: logistic(judged.logit) };
}

function headOf(hit: Hit, rank: number): string {
  const file = (hit.paths[0] ?? hit.imageId).split('/').at(-1)!;
  return `${rank} · ${cutMiddle(file, 40)}`;
}

/** @param isNamed whether there is a column for the best word. */
function rowsOf(lines: readonly Line[], head: string, isNamed: boolean): Html[] {
  return lines.map(({ name, judged, relevance }, index) => {
    const { rivals, best = '' } = judged?.background ?? {};
    return html`<tr><td>${index === 0 ? head : ''}</td><td>${cutMiddle(name, 60)}</td><td class="lookbook-number">${judged?.cosine.toFixed(2) ?? ''}</td><td class="lookbook-number">${rivals?.toFixed(2) ?? ''}</td>${isNamed && html`<td>${cutMiddle(best, 40)}</td>`}<td class="lookbook-number">${relevance.toFixed(2)}</td></tr>`;
  });
}
