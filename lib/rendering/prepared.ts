import type { SearchResult } from '../types.js';
import { dataUri, html, raw } from './html.js';
import { styleOf } from './style.js';

const style = `
.lookbook .lookbook-prepared{display:flex;flex-wrap:wrap;gap:14px 18px;margin:6px 0 14px}
.lookbook .lookbook-prepared figure{margin:0!important}
.lookbook .lookbook-prepared img{display:block;max-width:260px;max-height:220px;width:auto;height:auto;margin:0;border-radius:7px}
.lookbook .lookbook-prepared figcaption{padding:5px 1px 0;font-size:12px;opacity:.7}
`;

/** What a preparation made of the query pictures: each before and after. Empty where nothing was prepared. */
export function prepared({ prepared = [] }: Pick<SearchResult, 'prepared'>): string {
  if (prepared.length === 0) return '';
  const figures = prepared.flatMap(({ before, after }) =>
    [
      { caption: 'As it was', jpeg: before },
      { caption: 'As it asks', jpeg: after },
    ].map(
      ({ caption, jpeg }) =>
        html`<figure><img src="${raw(dataUri('image/jpeg', jpeg))}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`,
    ),
  );
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-prepared">${figures}</div></div>`
    .markup;
}
