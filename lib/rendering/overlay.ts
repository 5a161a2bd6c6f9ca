import { outline, svgPath } from '../arithmetic/outline.js';
import type { Outline, PictureCard } from '../types.js';
import { cutMiddle, dataUri, type Html, html } from './html.js';
import { colourOf, inkOn, maskColours } from './palette.js';

/** A tag says its label in words on the first few segments; more would hide the picture. */
const LABELLED = 6;

interface Tag {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The picture with its segments drawn in it, as ONE `<img>`: an SVG that holds the JPEG, the masks, their
 * contours and their tags. Viewers that remove scripts, styles and inline SVG still draw it.
 */
export function overlay(card: PictureCard): string {
  return html`<img src="${annotated(card)}" width="${card.width}" height="${card.height}" alt="${altOf(card)}">`
    .markup;
}

/**
 * The address of the annotated picture, `data:image/svg+xml;base64,…`; of the JPEG alone where nothing is to be drawn.
 * Pictures that are shown small do without tags, which nobody could read.
 */
export function annotated(card: PictureCard, { tagged = true }: { tagged?: boolean } = {}): string {
  const plain = dataUri('image/jpeg', card.jpeg);
  if (!card.outlines.length) return plain;
  const { width, height } = card;
  const tags: Tag[] = [];
  const shapes = card.outlines.map((shape, index) => shapeOf(shape, index, card));
  const labels = tagged && card.outlines.map((shape, index) => tagOf(shape, index, { card, tags }));
  return dataUri(
    'image/svg+xml',
    html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><image href="${plain}" width="${width}" height="${height}"/>${shapes}${labels}</svg>`
      .markup,
  );
}

/** What the picture shows, in words: its file and what was found in it. */
export function altOf(card: PictureCard): string {
  const found = card.outlines.map((shape) => shape.label).filter((label) => label !== undefined);
  const name = cutMiddle(card.path.split(/[/\\]/).pop() || card.path, 80);
  return found.length ? `${name}: ${cutMiddle(found.slice(0, LABELLED).join(', '), 120)}` : name;
}

/** The mask filled, and its contour in colour on a dark line, so that it reads on any picture. */
function shapeOf(shape: Outline, index: number, card: PictureCard): Html {
  const colour = colourOf(maskColours, index);
  const larger = Math.max(card.width, card.height);
  // Masks come from a coarser grid: its blocks are rounded off, as far as they would show.
  const path = svgPath(
    outline(shape.mask, { tolerance: Math.max(0.25, larger * 0.0012), smoothing: Math.round(larger / 75) }),
  );
  if (!path) return html``;
  const line = Math.max(1.4, larger / 145);
  const halo = line + Math.max(1, larger / 260);
  const across = card.width / shape.mask.width;
  const down = card.height / shape.mask.height;
  const scale = across === 1 && down === 1 ? '' : html` transform="scale(${across} ${down})"`;
  return html`<g fill-rule="evenodd" stroke-linejoin="round"${scale}><path d="${path}" fill="${colour}" fill-opacity=".36" stroke="#000" stroke-opacity=".5" stroke-width="${round(halo)}"/><path d="${path}" fill="none" stroke="${colour}" stroke-width="${round(line)}"/></g>`;
}

/** A number, a label and a score on the segment's colour, at the top of its box, inside the picture. */
function tagOf(shape: Outline, index: number, { card, tags }: { card: PictureCard; tags: Tag[] }): Html {
  const { width, height } = card;
  // Tall pictures are shown smaller in a row of wide ones, so their letters are larger.
  const size = Math.min(40, Math.max(8, Math.max(width, height * 1.4) * 0.041));
  const words = index < LABELLED && shape.label ? ` ${cutMiddle(shape.label, 24)}` : '';
  const score = index < LABELLED && shape.score !== undefined ? ` ${shape.score.toFixed(2)}` : '';
  const text = fitted(
    [`${index + 1}${words}${score}`, `${index + 1}${words}`, String(index + 1)],
    width * 0.94,
    size,
  );
  const tag: Tag = {
    x: 0,
    y: 0,
    width: Math.min(width, widthOf(text, size) + size * 0.8),
    height: size * 1.45,
  };
  tag.x = clamp(shape.bbox.x, 0, width - tag.width);
  tag.y = clamp(shape.bbox.y - tag.height / 2, 0, height - tag.height);
  // Downwards until it is free; in a crowd it stays where the last try put it.
  for (let tries = 0; tries < tags.length && tags.some((other) => touches(tag, other)); tries++) {
    tag.y = clamp(tag.y + tag.height + 1, 0, height - tag.height);
  }
  tags.push(tag);
  const colour = colourOf(maskColours, index);
  return html`<g><rect x="${round(tag.x)}" y="${round(tag.y)}" width="${round(tag.width)}" height="${round(tag.height)}" rx="${round(tag.height * 0.28)}" fill="${colour}" stroke="#000" stroke-opacity=".35" stroke-width=".75"/><text x="${round(tag.x + size * 0.4)}" y="${round(tag.y + tag.height * 0.72)}" font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif" font-size="${round(size)}" font-weight="600" fill="${inkOn(colour)}" textLength="${round(tag.width - size * 0.8)}" lengthAdjust="spacingAndGlyphs" style="unicode-bidi:isolate">${text}</text></g>`;
}

/** The longest of the texts that fits into the width; the last one where none does. */
function fitted(texts: readonly string[], width: number, size: number): string {
  return texts.find((text) => widthOf(text, size) + size * 0.8 <= width) ?? texts.at(-1)!;
}

/** Width of a text in a common sans-serif, guessed from its letters: an image cannot measure its fonts. */
function widthOf(text: string, size: number): number {
  let em = 0;
  for (const letter of text) {
    if (letter > '\u2E7F') em += 1.05;
    else if (/[ijlI.,:;'|!() ]/.test(letter)) em += 0.32;
    else if (/[mwMW@%]/.test(letter)) em += 0.92;
    else em += /[A-Z]/.test(letter) ? 0.72 : 0.62;
  }
  return em * size;
}

function touches(a: Tag, b: Tag): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(Math.max(low, high), value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
