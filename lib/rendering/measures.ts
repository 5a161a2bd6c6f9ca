/** Figures as people read them, and the bars that show them: shared by the pages of evaluations and comparisons. */
import type { Estimate } from '../types.js';
import { cutMiddle, type Html, html, raw } from './html.js';
import { tableStyle } from './style.js';

/** Bars, their intervals and lines across them. The blue is of the palette for the colour-blind by Okabe and Ito. */
export const measuresStyle: string = `${tableStyle}
.lookbook .lookbook-bar{position:relative;display:block;height:10px;min-width:120px;border-radius:3px;background:rgba(128,128,128,.18)}
.lookbook .lookbook-bar i{position:absolute;left:0;top:0;bottom:0;border-radius:3px;background:#0072B2}
.lookbook .lookbook-bar b{position:absolute;top:4px;height:2px;background:currentColor;opacity:.8}
.lookbook .lookbook-bar s{position:absolute;top:-4px;bottom:-4px;width:0;border-left:2px dashed #D55E00}
.lookbook ul.lookbook-notes{margin:14px 0 0!important;padding:0!important;list-style:none!important}
.lookbook .lookbook-notes li{margin:0 0 6px;padding:1px 0 1px 11px;border-left:3px solid #E69F00;max-width:72ch;overflow-wrap:anywhere}
.lookbook .lookbook-part{margin:22px 0 6px;font-weight:600}
`;

/** Of `most`, as a share of the bar's width in percent. */
function place(value: number, most: number): string {
  return `${Math.round(1000 * Math.min(1, Math.max(0, value / most))) / 10}%`;
}

/** A bar from 0 to the mean, a line from the low to the high end of its interval, and dashed ones across. */
export function bar({ mean, low, high }: Estimate, most: number, lines: readonly number[] = []): Html {
  const width = place(high - low, most);
  const across = lines.map((line) => html`<s style="left:${raw(place(line, most))}"></s>`);
  return html`<span class="lookbook-bar" aria-hidden="true"><i style="width:${raw(place(mean, most))}"></i><b style="left:${raw(place(low, most))};width:${raw(width)}"></b>${across}</span>`;
}

/** 0..1 → "63.2 %"; an interval's ends stand in brackets. */
export function share({ mean, low, high }: Estimate): string {
  return `${percentOf(mean)} % (${percentOf(low)}–${percentOf(high)})`;
}

/** 0..100 → "63.2 (58.0–68.1)". */
export function score({ mean, low, high }: Estimate): string {
  return `${mean.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
}

/** 0..1 → "0.632 (0.580–0.681)". */
export function ratio({ mean, low, high }: Estimate): string {
  return `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

function percentOf(value: number): string {
  return (100 * value).toFixed(1);
}

export function notesList(notes: readonly string[]): Html {
  if (!notes.length) return html``;
  return html`<ul class="lookbook-notes">${notes.map((note) => html`<li>${cutMiddle(note, 1000)}</li>`)}</ul>`;
}

/** A page of its own around one output, light or dark as the reader's system is. */
export function pageOf(title: string, output: string): string {
  const own = ':root{color-scheme:light dark}body{margin:24px auto;max-width:1080px;padding:0 16px}';
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><title>${title}</title><style>${raw(own)}</style></head><body>${raw(output)}</body></html>
`.markup;
}
