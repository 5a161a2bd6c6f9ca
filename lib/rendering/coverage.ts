import type { Coverage, CoverageLine, PictureCard } from '../types.js';
import { count, counted, percent } from '../words.js';
import { breakable, cutMiddle, type Html, html } from './html.js';
import { rowStyle, smallPicture } from './small-pictures.js';
import { styleOf } from './style.js';

const style = `${rowStyle}
.lookbook .lookbook-coverage{max-width:980px}
.lookbook .lookbook-none{font-weight:600;color:#D55E00}
`;

/**
 * Which words have a picture: those without one first, with what comes nearest, then the others, each with its best picture.
 * @param cards of the best pictures (`book.cards(coverage)`); without them there are none to see.
 */
export function coverageTable(found: Coverage, cards: readonly PictureCard[] = []): string {
  const { lines, notes } = found;
  const withBest = lines.filter(({ best }) => best);
  const cardOf = new Map(withBest.map((line, index) => [line, cards[index]]));
  const missing = lines.filter(({ answers }) => !answers);
  const rows = [...missing, ...lines.filter(({ answers }) => answers)].map((line) =>
    rowOf(line, cardOf.get(line)),
  );
  const head = missing.length
    ? `${counted(missing.length, 'word')} of ${count(lines.length)} ${missing.length === 1 ? 'has' : 'have'} no picture here.`
    : `Each of ${counted(lines.length, 'word')} has a picture here.`;
  const names = missing.map(({ word }) => word).join(', ');
  const told = notes.map((note) => html`<div class="lookbook-soft">${cutMiddle(note, 1000)}</div>`);
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-coverage"><div class="lookbook-head"><div><div class="lookbook-title"><b>${head}</b></div>${names && html`<div class="lookbook-soft">${cutMiddle(names, 2000)}</div>`}${told}</div></div><table class="lookbook-table"><thead><tr><th style="width:200px">Word</th><th style="width:150px">Answers</th><th style="width:110px">Relevance</th><th style="width:92px">Best</th><th></th></tr></thead><tbody>${rows}</tbody></table></div></div>`
    .markup;
}

function rowOf({ word, answers, isMore, best }: CoverageLine, card: PictureCard | undefined): Html {
  const told = answers
    ? html`${isMore ? `${count(answers)} or more` : counted(answers, 'picture')}`
    : html`<span class="lookbook-none">none</span>`;
  const nearest = answers ? '' : 'only the nearest: ';
  return html`<tr><td><bdi>${cutMiddle(word, 120)}</bdi></td><td class="lookbook-number">${told}</td><td class="lookbook-number">${best ? percent(best.relevance) : ''}</td><td>${card && smallPicture(card)}</td><td class="lookbook-soft">${best && html`${nearest}<bdi>${breakable(cutMiddle(card?.path ?? best.path, 90))}</bdi>`}</td></tr>`;
}
