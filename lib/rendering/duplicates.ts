import type { DuplicateGroup, DuplicatePicture, Duplicates, PictureCard } from '../types.js';
import { bytes, count, counted } from '../words.js';
import { breakable, cutMiddle, dataUri, type Html, html, raw } from './html.js';
import { styleOf, tableStyle } from './style.js';

/** Groups that are shown; the rest are counted. */
export const GROUPS_SHOWN: number = 50;
/** Pictures and paths of one group that are shown. */
const MEMBERS_SHOWN = 12;
const THUMBNAIL_PX = 96;

const style = `${tableStyle}
.lookbook .lookbook-duplicates{max-width:980px}
.lookbook .lookbook-duplicates table.lookbook-table{table-layout:fixed}
.lookbook .lookbook-duplicates .lookbook-table td{vertical-align:middle}
.lookbook .lookbook-duplicates img{display:block;max-width:${THUMBNAIL_PX}px;max-height:${THUMBNAIL_PX}px;width:auto;height:auto;margin:0;border-radius:5px}
.lookbook .lookbook-group{margin:22px 0 4px;font-weight:600}
.lookbook .lookbook-keep{font-weight:600}
`;

/**
 * What is there twice: a table for each group, the one to keep first, with its picture and what differs.
 * @param cards of the groups' pictures, in their order (`lookbook.cards(found)`); those that are missing show no picture.
 */
export function duplicatesTable(found: Duplicates, cards: readonly PictureCard[] = []): string {
  let at = 0;
  const tables = found.groups.slice(0, GROUPS_SHOWN).map((group) => {
    const own = cards.slice(at, at + group.pictures.length);
    at += group.pictures.length;
    return tableOf(group, own);
  });
  const more = found.groups.length - GROUPS_SHOWN;
  const notes = found.notes.map((note) => html`<div class="lookbook-soft">${cutMiddle(note, 1000)}</div>`);
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-duplicates"><div class="lookbook-head"><div><div class="lookbook-title"><b>${headOf(found)}</b></div><div class="lookbook-soft">${limitsOf(found)}</div>${notes}</div></div>${tables}${more > 0 && html`<div class="lookbook-soft" style="margin-top:10px">and ${counted(more, 'more group')}</div>`}</div></div>`
    .markup;
}

function headOf({ groups, pictures }: Duplicates): string {
  if (!groups.length) return `None of ${counted(pictures, 'picture')} is there twice.`;
  const exact = groups.filter(({ kind }) => kind === 'exact').length;
  const near = groups.length - exact;
  const kinds = [
    exact && `${counted(exact, 'picture')} with equal files`,
    near && `${counted(near, 'group')} of near-identical pictures`,
  ];
  return `${kinds.filter(Boolean).join(', ')} among ${counted(pictures, 'picture')}.`;
}

function limitsOf({ limits }: Duplicates): string {
  return `Near-identical: the hashes differ in at most ${limits.bits} of 64 bits and the vectors' cosine is at least ${limits.cosine}.`;
}

function tableOf(group: DuplicateGroup, cards: readonly PictureCard[]): Html {
  const rows = group.kind === 'exact' ? exactRows(group, cards[0]) : nearRows(group, cards);
  const more = (group.kind === 'exact' ? group.pictures[0]!.paths : group.pictures).length - MEMBERS_SHOWN;
  const title = group.kind === 'exact' ? 'Equal files' : 'Near-identical pictures';
  return html`<div class="lookbook-group"><b>${title}</b> <span class="lookbook-soft">${bytes(group.spare)} to spare</span></div><table class="lookbook-table"><thead><tr><th style="width:${THUMBNAIL_PX + 20}px"></th><th>File</th><th style="width:130px">Size</th><th style="width:90px">Bytes</th><th style="width:100px">Taken</th><th style="width:160px">Differs by</th></tr></thead><tbody>${rows.slice(0, MEMBERS_SHOWN)}</tbody></table>${more > 0 && html`<div class="lookbook-soft">and ${count(more)} more</div>`}`;
}

/** One picture at several places: a line for each place. */
function exactRows({ pictures, keep }: DuplicateGroup, card: PictureCard | undefined): Html[] {
  const [picture] = pictures;
  return picture!.paths.map((path, index) =>
    rowOf(picture!, {
      paths: [path],
      isKept: path === keep,
      card: index ? undefined : card,
      differs: 'its name',
    }),
  );
}

function nearRows({ pictures, keep }: DuplicateGroup, cards: readonly PictureCard[]): Html[] {
  return pictures.map((picture, index) =>
    rowOf(picture, {
      paths: picture.paths,
      isKept: picture.paths.includes(keep),
      card: cards[index],
      differs: differenceOf(picture),
    }),
  );
}

function rowOf(
  { facts }: DuplicatePicture,
  shown: { paths: string[]; isKept: boolean; card: PictureCard | undefined; differs: string },
): Html {
  const { paths, isKept, card, differs } = shown;
  const [path = 'gone', ...others] = paths;
  return html`<tr><td>${card && thumbnail(card)}</td><td>${isKept && html`<span class="lookbook-keep">keep</span> `}<bdi>${breakable(cutMiddle(path, 160))}</bdi>${others.length > 0 && html` <span class="lookbook-soft">and ${counted(others.length, 'equal file')}</span>`}</td><td class="lookbook-number">${facts.width} × ${facts.height} ${facts.format}</td><td class="lookbook-number">${bytes(facts.bytes)}</td><td class="lookbook-number">${facts.taken?.slice(0, 10) ?? ''}</td><td class="lookbook-number">${isKept ? '' : differs}</td></tr>`;
}

function differenceOf({ distance }: DuplicatePicture): string {
  if (!distance) return '';
  return `${counted(distance.bits, 'bit')}, cosine ${distance.cosine.toFixed(3)}`;
}

function thumbnail({ jpeg, width, height, path }: PictureCard): Html {
  const scale = Math.min(1, THUMBNAIL_PX / Math.max(width, height));
  return html`<img src="${raw(dataUri('image/jpeg', jpeg))}" width="${Math.round(width * scale)}" height="${Math.round(height * scale)}" alt="${cutMiddle(path, 200)}">`;
}
