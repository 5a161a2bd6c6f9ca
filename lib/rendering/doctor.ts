import type { Finding } from '../types.js';
import { counted } from '../words.js';
import { html } from './html.js';
import { styleOf, tableStyle } from './style.js';

const MARKS: Record<Finding['state'], string> = { well: '✓', lacking: '–', wrong: '✗' };

/** What an examination found: what is wrong comes first, with how to mend it. */
export function doctor(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ state }) => state === 'wrong');
  const title = wrong.length ? `${counted(wrong.length, 'thing')} to mend` : 'All is well';
  const rows = [...wrong, ...findings.filter(({ state }) => state !== 'wrong')].map(
    ({ name, state, says }) =>
      html`<tr><td>${MARKS[state]} ${name}</td><td>${says.map((line) => html`<div><bdi>${line}</bdi></div>`)}</td></tr>`,
  );
  return html`<div class="lookbook">${styleOf(tableStyle)}<div class="lookbook-head"><div class="lookbook-title"><b>${title}</b></div></div><table class="lookbook-table"><tbody>${rows}</tbody></table></div>`
    .markup;
}
