import { createHash } from 'node:crypto';

/** Markup that is already safe; only `html` and `raw` make it, so a plain string can never slip through unescaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

/** What a template may hold: text is escaped, Html stays, lists are joined, absent things vanish. */
export type Value = string | number | Html | null | undefined | false | readonly Value[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * Text from outside made safe for element content and quoted attributes, in HTML and in XML.
 * What would act unseen is shown instead: control characters as their Unicode pictures, bidi marks by number.
 */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character]!);
}

/** Marks that reorder or hide what follows them; joiners (U+200C, U+200D) stay, scripts and emoji need them. */
const UNSEEN =
  /[\u200B\u200E\u200F\u061C\u202A-\u202E\u2028\u2029\u2060-\u2064\u2066-\u2069\uFEFF\uFFF9-\uFFFB]/g;

/** The text on one line with nothing in it that acts unseen: `\u001b` → `␛`, U+202E → `[U+202E]`. */
export function visible(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
      .replace(/[\u0000-\u001F]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
      .replace(/\u007F/g, '\u2421')
      .replace(/[\u0080-\u009F]/g, codeOf)
      .replace(UNSEEN, codeOf)
      // Halves of a pair and non-characters are no XML and would blank a whole SVG.
      .replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
  );
}

function codeOf(character: string): string {
  return `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** The text with its middle left out where it is longer than `length` characters (counted by code points). */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  // A path of a megabyte must not be spread into a million strings: the ends are all that is needed.
  const head = Array.from(text.slice(0, length * 2));
  const tail = Array.from(text.slice(-length * 2));
  if (text.length <= length * 2 && head.length <= length) return text;
  const left = Math.ceil((length - 1) / 2);
  const right = length - 1 - left;
  return `${head.slice(0, left).join('')}…${right > 0 ? tail.slice(-right).join('') : ''}`;
}

/** A path that may be broken into lines after each of its folders. */
export function breakable(path: string): Html {
  return new Html(
    path
      .split(/(?<=[^/\\][/\\])/)
      .map(escapeHtml)
      .join('<wbr>'),
  );
}

/** Markup from this project's own constants; never for anything that came from outside. */
export function raw(markup: string): Html {
  return new Html(markup);
}

/** A template whose values are escaped: html`<b>${title}</b>`. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  let markup = strings[0]!;
  for (const [index, value] of values.entries()) markup += markupOf(value) + strings[index + 1]!;
  return new Html(markup);
}

function markupOf(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
}

/** `data:<type>;base64,…`. */
export function dataUri(type: string, content: Uint8Array | string): string {
  return `data:${type};base64,${Buffer.from(content).toString('base64')}`;
}

/** A name for ids and classes of one output, from what it shows: the same content gives the same HTML. */
export function idOf(content: string): string {
  return `lookbook-${createHash('sha256').update(content).digest('hex').slice(0, 10)}`;
}
