/** Text from outside on its way to a person's eyes. */

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

/** The same for a text of several lines, whose line ends and tabs are its own. */
export function visibleLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, n) => (n % 2 ? part : visible(part)))
    .join('');
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
