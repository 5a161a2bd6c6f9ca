import { decodeHTML, decodeHTMLStrict } from 'entities/decode';
import { repairEncoding } from './arithmetic/mojibake.js';

/**
 * What open_clip does to every text before it is split: ftfy's repair, HTML entities twice, runs of white space to one
 * space. Case stays; open_clip lowers it after this for its own byte pairs only.
 */
export function cleanedAsOpenClip(text: string): string {
  return spaced(decodeHTML(decodeHTML(repaired(text))));
}

/** What open_clip does for SigLIP on top (big_vision's canonicalisation): no punctuation, lower case. */
export function canonicalAsOpenClip(text: string): string {
  return spaced(cleanedAsOpenClip(text).replaceAll('_', ' ').replace(PUNCTUATION, '').toLowerCase());
}

/** Python's string.punctuation. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

function spaced(text: string): string {
  return text.split(WHITE_SPACE).join(' ').trim();
}

/** Python's idea of white space, which counts the line break U+0085 and not the mark U+FEFF. */
const WHITE_SPACE = /(?:(?!\ufeff)[\s\x85])+/u;

/** A repair may uncover what another one mends; more rounds than this nobody needs. */
const MOST_ROUNDS = 8;

/** The repairs of ftfy 6 in its order, until nothing changes. */
function repaired(text: string): string {
  let before = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const after = repairedOnce(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

function repairedOnce(text: string): string {
  // A text with a tag in it is meant to be HTML: its entities stay for the next step.
  const plain = text.includes('<') ? text : decodeHTMLStrict(text);
  return repairEncoding(plain.replace(TERMINAL_ESCAPE, ''))
    .replace(LIGATURE, compatible)
    .replace(ODD_WIDTH, compatible)
    .replace(SINGLE_QUOTE, "'")
    .replace(DOUBLE_QUOTE, '"')
    .replace(LINE_BREAK, '\n')
    .replace(UNPAIRED_SURROGATE, '\ufffd')
    .replace(CONTROL, '')
    .normalize('NFC');
}

const ESCAPE = String.fromCharCode(27);
const TERMINAL_ESCAPE = new RegExp(`${ESCAPE}\\[[\\d;]*[A-Za-z]`, 'g');
const LIGATURE = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g;
const ODD_WIDTH = /[\u3000\uff01-\uffef]/g;
const SINGLE_QUOTE = /[\u02bc\u2018-\u201b]/g;
const DOUBLE_QUOTE = /[\u201c-\u201f]/g;
const LINE_BREAK = /\r\n|[\r\u2028\u2029]/g;
const UNPAIRED_SURROGATE = /\p{Surrogate}/gu;
const CONTROL = /(?![\t\n\f\r\x80-\x9f])\p{Cc}|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

function compatible(character: string): string {
  return character.normalize('NFKC');
}
