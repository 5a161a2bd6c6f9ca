/** Small pictures in the rows of a table. */
import type { PictureCard } from '../types.js';
import { cutMiddle, dataUri, type Html, html, raw } from './html.js';
import { tableStyle } from './style.js';

const SHOWN_PX = 72;

export const rowStyle: string = `${tableStyle}
.lookbook .lookbook-table td{vertical-align:middle}
.lookbook .lookbook-table img.lookbook-small{display:block;max-width:${SHOWN_PX}px;max-height:${SHOWN_PX}px;width:auto;height:auto;margin:0;border-radius:5px}
`;

/** One of them; its path shows where one points. */
export function smallPicture({ jpeg, width, height, path }: PictureCard): Html {
  const scale = SHOWN_PX / Math.max(width, height);
  const name = cutMiddle(path, 200);
  return html`<img class="lookbook-small" src="${raw(dataUri('image/jpeg', jpeg))}" width="${Math.round(width * scale)}" height="${Math.round(height * scale)}" alt="${name}" title="${name}">`;
}
