/** What Windows-1252 has at 0x80 to 0x9f; a space stands where it has nothing. */
const HIGH = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

/** Character → the byte that it was read from by mistake. */
const BYTES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 0x80 }, (_, i): [string, number] => [String.fromCharCode(0x80 + i), 0x80 + i]),
  ...[...HIGH].flatMap((character, i): [string, number][] =>
    character === ' ' ? [] : [[character, 0x80 + i]],
  ),
]);

const FOLLOWING = `[\\x80-\\xbf${HIGH.replaceAll(' ', '')}]`;

/** Letters that UTF-8 makes of one character of two, three or four bytes when it is read as Windows-1252. */
const SEQUENCE = `(?:[\\xc2-\\xdf]${FOLLOWING}|[\\xe0-\\xef]${FOLLOWING}{2}|[\\xf0-\\xf4]${FOLLOWING}{3})`;
const RUN = new RegExp(`${SEQUENCE}+`, 'g');
const FIRST_CONTROL = /[\x80-\x9f]/g;

/** A letter and then a mark that may well be meant as they stand: “CAFÉ…”, «É». */
const LETTER_AND_MARK = /^.[…‘’“”»›—–™\xa0]$/;

/** à is read as Ã and a no-break space, which is a plain space by the time that somebody writes it down. */
const LOST_A_GRAVE = /(?<=[a-z] ?)Ã /g;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A text may have been through the mistake more than once. */
const MOST_ROUNDS = 4;

/**
 * Turns UTF-8 that was read as Windows-1252 back: “schÃ¶n” is “schön”. Only runs that are whole UTF-8 are touched, and
 * of lone pairs those that nobody writes.
 */
export function repairEncoding(text: string): string {
  let before = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const after = before.replace(LOST_A_GRAVE, 'à ').replace(RUN, repairedRun);
    if (after === before) break;
    before = after;
  }
  return before.replace(FIRST_CONTROL, (control) => HIGH[control.charCodeAt(0) - 0x80]?.trim() || control);
}

function repairedRun(run: string, at: number, text: string): string {
  if (run.length === 2 && !isMistake(run, [text[at - 1] ?? '', text[at + 2] ?? ''])) return run;
  try {
    return utf8.decode(Uint8Array.from(run, (character) => BYTES.get(character) ?? 0));
  } catch {
    // Not UTF-8 after all (an overlong form, a surrogate): the letters are meant as they stand.
    return run;
  }
}

/** Of a lone pair: Â and Ã lead nearly all of Western Europe's letters, Ä and Å Middle Europe's. */
function isMistake(pair: string, [before, after]: [string, string]): boolean {
  if (LETTER_AND_MARK.test(pair)) return /^[ÂÃ]/.test(pair) && !/\p{Lu}/u.test(before);
  return /^[ÂÃÄÅ]/.test(pair) || /\p{L}/u.test(before + after);
}
