import { createHash } from 'node:crypto';
import { visible } from '../visible.js';

export { cutMiddle, visible } from '../visible.js';

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
