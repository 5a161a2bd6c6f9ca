import type { PictureCard } from '../types.js';
import { counted } from '../words.js';
import { breakable, cutMiddle, dataUri, type Html, html, idOf, raw } from './html.js';
import { altOf, annotated } from './overlay.js';
import { styleOf } from './style.js';

export interface GalleryOptions {
  title?: string;
  subtitle?: string;
}

export interface ContactSheetOptions {
  title: string;
}

const shared = `
.lookbook .lookbook-switch{display:block;position:absolute;opacity:0;width:1px;height:1px;margin:0}
.lookbook .lookbook-label{display:inline-flex;align-items:center;gap:8px;cursor:pointer;font-size:13px;user-select:none;opacity:.85}
.lookbook .lookbook-label::before{content:"";width:26px;height:14px;border-radius:7px;background:radial-gradient(circle at 7px 7px,#fff 4.6px,transparent 5.2px) rgba(128,128,128,.55)}
.lookbook .lookbook-switch:checked~.lookbook-head .lookbook-label::before{background:radial-gradient(circle at 19px 7px,#fff 4.6px,transparent 5.2px) #2C7FD1}
.lookbook .lookbook-switch:focus-visible~.lookbook-head .lookbook-label::before{outline:2px solid #2C7FD1;outline-offset:2px}
.lookbook .lookbook-grid{display:grid}
.lookbook .lookbook-card{display:block!important;width:auto!important;min-width:0;margin:0!important}
.lookbook .lookbook-frame{position:relative;width:100%;overflow:hidden;border-radius:7px;background:rgba(128,128,128,.1)}
.lookbook .lookbook-frame img{display:block;position:absolute;inset:0;width:100%;height:100%;max-width:none;margin:0;object-fit:contain}
.lookbook .lookbook-frame .lookbook-plain{opacity:0;transition:opacity .12s}
.lookbook .lookbook-frame:hover .lookbook-plain,.lookbook .lookbook-switch:not(:checked)~.lookbook-grid .lookbook-plain{opacity:1}
.lookbook .lookbook-switch:not(:checked)~.lookbook-grid .lookbook-frame:hover .lookbook-plain{opacity:0}
.lookbook .lookbook-caption{margin:0!important;overflow-wrap:anywhere}
`;

const galleryStyle = `${shared}
.lookbook .lookbook-grid{grid-template-columns:repeat(auto-fill,minmax(clamp(160px,19%,290px),1fr));gap:26px 18px}
.lookbook .lookbook-caption{padding:9px 1px 0;font-size:13px;line-height:1.4}
.lookbook .lookbook-name{display:flex;gap:8px;align-items:baseline;font-size:14px;font-weight:600}
.lookbook .lookbook-rank{flex:none;min-width:1.1em;opacity:.5;font-weight:600;font-variant-numeric:tabular-nums}
.lookbook .lookbook-relevance{display:flex!important;align-items:center;gap:9px;margin:5px 0 4px}
.lookbook .lookbook-bar{flex:1;width:auto!important;max-width:150px;overflow:hidden;border-radius:3px}
.lookbook .lookbook-why{margin:3px 0 0}
.lookbook .lookbook-folder{margin:2px 0 0;font-size:12px;opacity:.6}
`;

const sheetStyle = `${shared}
.lookbook .lookbook-grid{grid-template-columns:repeat(auto-fill,minmax(clamp(104px,11%,150px),1fr));gap:14px 10px}
.lookbook .lookbook-caption{padding:4px 1px 0;font-size:11.5px;line-height:1.3;opacity:.68}
`;

/**
 * Results side by side: picture, rank, relevance, file and why. One switch shows or hides all masks, the pointer
 * turns one picture over. Where styles are removed the annotated pictures and their captions remain.
 */
export function gallery(cards: readonly PictureCard[], options: GalleryOptions = {}): string {
  const subtitle = options.subtitle ?? (cards.length ? '' : 'No picture answers this.');
  return sheet(cards, {
    style: galleryStyle,
    head: html`<div>${options.title && html`<div class="lookbook-title"><b>${cutMiddle(options.title, 300)}</b></div>`}${subtitle && html`<div class="lookbook-soft">${cutMiddle(subtitle, 600)}</div>`}</div>`,
    captionOf: galleryCaption,
    cardPx: 240,
    tagged: true,
  });
}

/** Many pictures at a glance, small, each with its file name: what an index run has just taken in. */
export function contactSheet(cards: readonly PictureCard[], options: ContactSheetOptions): string {
  return sheet(cards, {
    style: sheetStyle,
    head: html`<div><div class="lookbook-title"><b>${cutMiddle(options.title, 300)}</b></div><div class="lookbook-soft">${counted(cards.length, 'picture')}</div></div>`,
    captionOf: (card) => html`<bdi>${breakable(cutMiddle(shortPath(card.path), 34))}</bdi>`,
    cardPx: 128,
    tagged: false,
  });
}

interface Sheet {
  style: string;
  head: Html;
  captionOf(card: PictureCard): Html;
  /** Width of a card where the grid's own style is missing. */
  cardPx: number;
  /** Whether segments carry their labels in the picture. */
  tagged: boolean;
}

function sheet(cards: readonly PictureCard[], { style, head, captionOf, cardPx, tagged }: Sheet): string {
  const masked = cards.some((card) => card.outlines.length > 0);
  const ratio = frameRatio(cards);
  const figures = cards.map(
    (card) =>
      html`<figure class="lookbook-card" style="display:inline-block;width:${cardPx}px;margin:0 14px 18px 0;vertical-align:top"><div class="lookbook-frame" style="aspect-ratio:${ratio}" title="${cutMiddle(card.path, 400)}">${pictureOf(card, tagged)}</div><figcaption class="lookbook-caption">${captionOf(card)}</figcaption></figure>`,
  );
  const id = idOf(`${head}${cards.map((card) => card.path).join('\n')}`);
  const toggle = masked
    ? html`<input type="checkbox" class="lookbook-switch" id="${id}" checked hidden="hidden">`
    : null;
  const label = masked ? html`<label class="lookbook-label" for="${id}" hidden="hidden">Masks</label>` : null;
  return html`<div class="lookbook">${styleOf(style)}${toggle}<div class="lookbook-head">${head}${label}</div><div class="lookbook-grid">${figures}</div></div>`
    .markup;
}

/** The annotated picture, and where masks can be hidden the plain one that lies over it. */
function pictureOf(card: PictureCard, tagged: boolean): Html {
  const size = html`width="${card.width}" height="${card.height}"`;
  const drawn = html`<img class="lookbook-drawn" src="${raw(annotated(card, { tagged }))}" ${size} alt="${altOf(card)}">`;
  if (!card.outlines.length) return drawn;
  return html`${drawn}<img class="lookbook-plain" src="${raw(dataUri('image/jpeg', card.jpeg))}" ${size} alt="" hidden="hidden">`;
}

function galleryCaption(card: PictureCard): Html {
  const { name, folder } = fileOf(card.path);
  return html`<div class="lookbook-name">${card.rank !== undefined && html`<span class="lookbook-rank">${card.rank}</span> `}<b><bdi>${cutMiddle(name, 60)}</bdi></b></div>${card.relevance !== undefined && relevanceBar(card.relevance)}${card.why && html`<div class="lookbook-why">${cutMiddle(card.why, 240)}</div>`}${card.copies !== undefined && html`<div class="lookbook-soft">and ${counted(card.copies, 'near-identical picture')}</div>`}${folder && html`<div class="lookbook-folder"><bdi>${breakable(cutMiddle(folder, 56))}</bdi></div>`}`;
}

/** Relevance as a short bar and a number, drawn with inline styles that JupyterLab keeps in untrusted notebooks. */
function relevanceBar(relevance: number): Html {
  const value = Math.min(1, Math.max(0, Number.isFinite(relevance) ? relevance : 0));
  return html`<div class="lookbook-relevance" title="Relevance, 0 to 1"><div class="lookbook-bar" style="width:120px;height:5px;background-color:rgba(128,128,128,.25)"><div style="width:${Math.round(value * 100)}%;height:5px;background-color:#2C7FD1"></div></div><span class="lookbook-number">${value.toFixed(2)}</span></div>`;
}

/** File and folder of a path or a URL; queries of a URL stay with the file. */
function fileOf(path: string): { name: string; folder: string } {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return { name: path.slice(cut + 1) || path, folder: cut > 0 ? path.slice(0, cut) : '' };
}

/** The file in its own folder: enough to tell pictures apart, short enough for a small card. */
function shortPath(path: string): string {
  return path.split(/[/\\]/).slice(-2).join('/');
}

/** One shape for all frames, from the middle of the pictures' own, so that most of them fill theirs. */
function frameRatio(cards: readonly PictureCard[]): number {
  const ratios = cards.map((card) => card.width / card.height).sort((a, b) => a - b);
  const middle = ratios[Math.floor(ratios.length / 2)] ?? 1;
  return Math.round(Math.min(1.5, Math.max(0.8, middle)) * 100) / 100;
}
