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
    ? `Ordered by ${formula}. Relevance: twice the cosine less what the ten best of a thousand ordinary words score on the same thing, through the encoder's curve.`
    : 'Ask with explain: true to see the numbers.';
  const rows = explained.flatMap((hit, index) => linesOf(hit, index + 1));
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-explanation"><div class="lookbook-head"><div><div class="lookbook-title"><b>Why: ${cutMiddle(title, 200)}</b></div><div class="lookbook-soft">${subtitle}</div></div></div>${rows.length > 0 && html`<table class="lookbook-table"><thead><tr><th>Hit</th><th>Evidence</th><th>Cosine</th><th>Ten best words</th><th>Best word</th><th>Relevance</th></tr></thead><tbody>${rows}</tbody></table>`}</div></div>`
    .markup;
}

function linesOf(hit: Hit, rank: number): Html[] {
  const { picture, segment, label, all = [], without = [] } = hit.explanation!;
  const file = (hit.paths[0] ?? hit.imageId).split('/').at(-1)!;
  const lines: { name: string; judged?: Judgement; relevance: number }[] = [
    ...(segment ? [judgedLine('its best segment', segment)] : []),
    ...(picture ? [judgedLine('the whole picture', picture)] : []),
    ...all.map((thing) => judgedLine(`“${thing.title}”`, thing)),
    ...(label ? [{ name: `the label “${label.label}”`, relevance: label.relevance }] : []),
    ...without.map((thing) => ({ name: `not wanted: “${thing.title}”`, relevance: shareOf(thing.logit) })),
  ];
  return lines.map(({ name, judged, relevance }, index) => {
    const head = index === 0 ? `${rank} · ${cutMiddle(file, 40)}` : '';
    const numbers = judged
      ? html`<td class="lookbook-number">${judged.cosine.toFixed(2)}</td><td class="lookbook-number">${judged.background.rivals.toFixed(2)}</td><td>${cutMiddle(judged.background.best ?? '', 40)}</td>`
      : html`<td></td><td></td><td></td>`;
    return html`<tr><td>${head}</td><td>${cutMiddle(name, 60)}</td>${numbers}<td class="lookbook-number">${relevance.toFixed(2)}</td></tr>`;
  });
}

function judgedLine(name: string, judged: Judgement): { name: string; judged: Judgement; relevance: number } {
  return { name, judged, relevance: shareOf(judged.logit) };
}

function shareOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
