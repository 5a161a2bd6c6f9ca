import { escapeHtml } from './text.js';

const keywords: string = [
  'as async await break case catch class const continue default delete do else export extends false finally for',
  'from function if import in instanceof interface let new null of return static super switch this throw true',
  'try type typeof undefined void while yield',
].join(' ');

const tokens = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\x60(?:\\.|[^\x60\\])*\x60)`,
    String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)`,
    String.raw`(?<keyword>\b(?:${keywords.replaceAll(' ', '|')})\b)`,
  ].join('|'),
  'g',
);

/** TypeScript as HTML with its comments, strings, numbers and keywords marked: enough to read a short cell. */
export function highlight(code: string): string {
  let html = '';
  let at = 0;
  for (const match of code.matchAll(tokens)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    html += escapeHtml(code.slice(at, match.index));
    html += `<span class="${kind}">${escapeHtml(match[0])}</span>`;
    at = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(at));
}
