import type { CollectionSummary } from '../types.js';
import { count, counted } from '../words.js';
import { breakable, html } from './html.js';
import { styleOf, tableStyle } from './style.js';

const style = `${tableStyle}
.lookbook .lookbook-collections{max-width:1100px}
.lookbook .lookbook-collections code{font-size:12px;background:none}
`;

/** What a store holds: one line a collection, those of one encoder together. */
export function collections(summaries: readonly CollectionSummary[]): string {
  const sorted = [...summaries].sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
  const rows = sorted.map(({ name, fingerprint, dimension, count: rowCount, facts }) => {
    const of = facts.segmenter ? `segments by ${facts.segmenter}` : String(facts.of ?? 'vectors');
    return html`<tr><td>${String(facts.encoder ?? '')}</td><td>${of}</td><td class="lookbook-number">${count(rowCount)}</td><td class="lookbook-number">${count(dimension)}</td><td><code>${fingerprint.slice(0, 12)}</code></td><td><code>${breakable(name)}</code></td></tr>`;
  });
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-collections"><div class="lookbook-head"><div class="lookbook-title"><b>${counted(summaries.length, 'collection')}</b></div></div><table class="lookbook-table"><thead><tr><th>Encoder</th><th>Holds</th><th>Vectors</th><th>Numbers each</th><th>Fingerprint</th><th>Name</th></tr></thead><tbody>${rows}</tbody></table></div></div>`
    .markup;
}

function orderOf({ name, facts }: CollectionSummary): string {
  return [facts.lookbook, facts.encoder, facts.of, name].join(' ');
}
