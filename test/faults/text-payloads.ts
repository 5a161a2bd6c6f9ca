import { nastyStrings } from '../rendering/nasty.js';

const ESC = '\u001b';

/** Tags, attributes and addresses that run something, in the places and spellings by which filters were passed before. */
const markup = [
  '<script>boom()</script>',
  '<ScRiPt src=//x.invalid/a.js></sCrIpT>',
  '<scr<script>ipt>boom()</scr</script>ipt>',
  '<img src="x" onerror="boom()">',
  '<img/src/onerror=boom()>',
  '<img src=x onerror\u00a0=boom()>',
  '<IMG SRC=x ONERROR=&#98;oom()>',
  '<svg/onload=boom()>',
  '<svg><animate onbegin=boom() attributeName=x dur=1s>',
  '<svg><foreignObject><iframe srcdoc="<img src=x onerror=parent.boom()>">',
  '<svg><use href="data:image/svg+xml,<svg id=x onload=boom()/>#x">',
  '<details open ontoggle=boom()>',
  '<video><source onerror=boom()></video>',
  '<input autofocus onfocus=boom()>',
  '<body onload=boom()>',
  '<object data="javascript:boom()">',
  '<embed src="data:text/html,<script>boom()</script>">',
  '<base href="javascript:boom()//">',
  '<meta http-equiv=refresh content="0;url=javascript:boom()">',
  '<link rel=stylesheet href="data:text/css,*{display:none}">',
  '<style>*{display:none}</style>',
  '<form action="javascript:boom()"><button autofocus>x',
  '<template><script>boom()</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=boom()>">',
  '</td></tr></table><script>boom()</script>',
  '</div></details><script>boom()</script>',
  '--><script>boom()</script>',
  '*/</style><script>boom()</script>',
  '</script><script>boom()</script>',
  "';boom();//",
  '";boom();//',
  '`;boom();//',
  '\\";boom();//',
  '${boom()}',
  '#{boom()}',
  'data:text/html,<script>boom()</script>',
  'vbscript:boom()',
  '&quot;&gt;&lt;script&gt;boom()&lt;/script&gt;',
  '%3Cscript%3Eboom()%3C/script%3E',
  '\uff1cscript\uff1eboom()\uff1c/script\uff1e',
];

/** What moves a terminal's cursor, sets its title, clears it, answers for the person or makes a link. */
const terminal = [
  `${ESC}[2J${ESC}[H`,
  `${ESC}[1A${ESC}[2Knothing failed`,
  `${ESC}]0;title\u0007`,
  `${ESC}]8;;http://x.invalid\u0007link${ESC}]8;;\u0007`,
  `${ESC}]52;c;Ym9vbQ==\u0007`,
  `${ESC}P$q"p${ESC}\\`,
  `${ESC}[6n`,
  `${ESC}[?1049h`,
  `${ESC}c`,
  '\u009b2J',
  '\u009d0;title\u009c',
  '\u0090x\u009c',
  'over\rwritten',
  'back\b\b\b\bspace',
  '\u0007\u0007',
  'shift\u000eout\u000f',
  'form\u000cfeed\u000b',
];

/** Texts that are no text, that hide, that turn round, or that mean something to JavaScript, SQL, globs and paths. */
const texts = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '   ',
  '\t',
  '\n',
  '\u00a0\u2003',
  '\u200b\u200d\ufeff',
  '\ud83d',
  '\udc00',
  'a\udc00\ud83db',
  'nothing\u0000after',
  '\uffff\ufffe',
  '\u202egnp.exe',
  '\u2066\u2067\u2068 isolates',
  `z${'\u0301'.repeat(500)}`,
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '*',
  '{a,b}[!c]?',
  '!(x)',
  '[',
  '\\',
  '..',
  '../../etc/passwd',
  'C:\\con',
  "'; DROP TABLE collections; --",
  '%s%n%x',
  '{{7*7}}',
  'null',
  'undefined',
  'NaN',
  '-1',
  '$where',
  '0x7fffffff',
  'y'.repeat(100_000),
  `${'<b>'.repeat(30_000)}boom()`,
];

/** Over 100 texts that somebody may ask with, or that a table, a manifest or a hub may hold. */
export const payloads: readonly string[] = [...new Set([...nastyStrings, ...markup, ...terminal, ...texts])];

/** The same as names that a disk takes: no slash, no NUL, no half pair, 200 bytes, none starting with a dot. */
export const fileNames: readonly string[] = [
  ...new Set(
    payloads
      .map((text) =>
        text
          .replaceAll('/', '\u2215')
          .replaceAll('\u0000', '')
          .replace(/\p{Cs}/gu, '')
          .slice(0, 400),
      )
      .map((text) => cutBytes(text, 200).replace(/^\./, '_'))
      .filter((name) => name !== ''),
  ),
];

function cutBytes(text: string, most: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > most) cut = [...cut].slice(0, -1).join('');
  return cut;
}

/** What must not reach a terminal: controls but the line end and the tab, and marks that turn or hide what follows. */
export const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u061c\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/u;
