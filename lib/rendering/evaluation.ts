import { shownPath } from '../paths.js';
import type {
  EditFigures,
  Estimate,
  Evaluation,
  LabelFigures,
  PictureCard,
  QueryFigures,
  QueryOutcome,
} from '../types.js';
import { count, counted } from '../words.js';
import { breakable, cutMiddle, dataUri, type Html, html, raw } from './html.js';
import { bar, measuresStyle, notesList, pageOf, ratio, score, share } from './measures.js';
import { styleOf } from './style.js';

/** Classes that are shown; the rest are counted. */
const CLASSES_SHOWN = 30;
const THUMBNAIL_PX = 56;

const style = `${measuresStyle}
.lookbook .lookbook-evaluation{max-width:980px}
.lookbook .lookbook-evaluation .lookbook-table td{vertical-align:middle}
.lookbook .lookbook-evaluation td.lookbook-number{white-space:nowrap}
.lookbook .lookbook-evaluation td.lookbook-wide{width:34%}
.lookbook .lookbook-came{display:inline-block;max-width:${THUMBNAIL_PX + 60}px;margin:0 8px 4px 0;padding:2px;border:2px solid transparent;border-radius:6px;vertical-align:top;font-size:12px}
.lookbook .lookbook-came.lookbook-right{border-color:#009E73}
.lookbook .lookbook-came img{display:block;max-width:${THUMBNAIL_PX}px;max-height:${THUMBNAIL_PX}px;width:auto;height:auto;margin:0;border-radius:4px}
`;

/** Words for what is done to pictures. */
const EDIT_NAMES: Record<EditFigures['edit'], string> = {
  crop: 'a piece of 60 % × 60 %',
  flipped: 'mirrored',
  brighter: 'brighter by 30 %',
  recompressed: 'half as large, JPEG quality 30',
};

/**
 * What the vectors are worth: figures with their intervals, the worst classes, the worst queries with what came first.
 * @param cards of those pictures (`lookbook.cards(evaluation)`); what has none is named by its path.
 */
export function evaluationTable(evaluation: Evaluation, cards: readonly PictureCard[] = []): string {
  const { labels, queries, edits, notes } = evaluation;
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-evaluation"><div class="lookbook-head"><div><div class="lookbook-title"><b>${titleOf(evaluation)}</b></div><div class="lookbook-soft">${underTitle(evaluation)}</div></div></div>${labels && labelsPart(labels, evaluation)}${queries && queriesPart(queries, evaluation, cards)}${edits && editsPart(edits)}${notesList(notes)}</div></div>`
    .markup;
}

/** The same as a page of its own. */
export function evaluationPage(evaluation: Evaluation, cards: readonly PictureCard[] = []): string {
  return pageOf(titleOf(evaluation), evaluationTable(evaluation, cards));
}

function titleOf({ encoder, layer, pictures }: Evaluation): string {
  const name = cutMiddle(layer === undefined ? encoder : `${encoder} ${layer}`, 120);
  return `${name} on ${counted(pictures, 'picture')}`;
}

function underTitle({ lookbook, dimension, metric }: Evaluation): string {
  return `Lookbook ${cutMiddle(lookbook, 80)}, ${count(dimension)} numbers a picture, compared by ${metric}. In brackets: where 95 of 100 such samples of queries have their mean.`;
}

interface Line {
  name: string;
  says: string;
  estimate: Estimate;
  most: number;
  shown: string;
}

function linesTable(lines: readonly Line[]): Html {
  const rows = lines.map(
    ({ name, says, estimate, most, shown }) =>
      html`<tr><td>${name}<div class="lookbook-soft">${says}</div></td><td class="lookbook-wide">${bar(estimate, most)}</td><td class="lookbook-number">${shown}</td></tr>`,
  );
  return html`<table class="lookbook-table"><thead><tr><th>Figure</th><th></th><th>Mean</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function labelsPart(labels: LabelFigures, { k }: Evaluation): Html {
  const { from, queries, score: points, precision, averagePrecision, chance, classes } = labels;
  const more = classes.length - CLASSES_SHOWN;
  return html`<div class="lookbook-part"><b>By example</b></div><div class="lookbook-soft">${counted(queries, 'picture')} of ${counted(classes.length, 'class', 'classes')} (${cutMiddle(from, 160)}), each asking for its like. An order by chance has ${(100 * chance).toFixed(1)} % right.</div>${linesTable(
    [
      {
        name: 'Score of neighbours',
        says: 'the fifteen nearest, the first weighs most; of 100',
        estimate: points,
        most: 100,
        shown: score(points),
      },
      {
        name: `Precision at ${k}`,
        says: `right ones among the first ${k}`,
        estimate: precision,
        most: 1,
        shown: share(precision),
      },
      {
        name: 'Mean average precision',
        says: 'over all pictures',
        estimate: averagePrecision,
        most: 1,
        shown: ratio(averagePrecision),
      },
    ],
  )}<table class="lookbook-table"><thead><tr><th>Class, the worst first</th><th>Pictures</th><th></th><th>Score</th><th>Precision</th><th>Taken for</th></tr></thead><tbody>${classes.slice(0, CLASSES_SHOWN).map(classRow)}</tbody></table>${more > 0 && html`<div class="lookbook-soft">and ${counted(more, 'better class', 'better classes')}</div>`}`;
}

function classRow({
  label,
  pictures,
  score: points,
  precision,
  mistakenFor,
}: LabelFigures['classes'][number]): Html {
  const taken = mistakenFor
    ? `${cutMiddle(mistakenFor.label, 60)} (${(100 * mistakenFor.share).toFixed(0)} %)`
    : '';
  return html`<tr><td><bdi>${cutMiddle(label, 80)}</bdi></td><td class="lookbook-number">${count(pictures)}</td><td>${bar({ mean: points, low: points, high: points }, 100)}</td><td class="lookbook-number">${points.toFixed(1)}</td><td class="lookbook-number">${(100 * precision).toFixed(1)} %</td><td><bdi>${taken}</bdi></td></tr>`;
}

function queriesPart(figures: QueryFigures, { k }: Evaluation, cards: readonly PictureCard[]): Html {
  const { from, queries, recall, ndcg, reciprocalRank, worst } = figures;
  return html`<div class="lookbook-part"><b>By words</b></div><div class="lookbook-soft">${counted(queries, 'query', 'queries')} of ${cutMiddle(from, 160)}, asked as a search asks.</div>${linesTable(
    [
      {
        name: `Recall at ${k}`,
        says: `of the wanted pictures among the first ${k}`,
        estimate: recall,
        most: 1,
        shown: share(recall),
      },
      {
        name: `nDCG at ${k}`,
        says: 'the same, an earlier place weighs more',
        estimate: ndcg,
        most: 1,
        shown: ratio(ndcg),
      },
      {
        name: 'Mean reciprocal rank',
        says: '1 / place of the first right one',
        estimate: reciprocalRank,
        most: 1,
        shown: ratio(reciprocalRank),
      },
    ],
  )}${worst.length > 0 && html`<table class="lookbook-table"><thead><tr><th>Query, the worst first</th><th>Found</th><th>First right</th><th>What came first</th></tr></thead><tbody>${worst.map((outcome) => outcomeRow(outcome, cards))}</tbody></table>`}`;
}

function outcomeRow({ text, wanted, found, rank, first }: QueryOutcome, cards: readonly PictureCard[]): Html {
  return html`<tr><td><bdi>${cutMiddle(text, 160)}</bdi></td><td class="lookbook-number">${found} of ${wanted}</td><td class="lookbook-number">${rank === null ? 'none' : `place ${rank}`}</td><td>${first.map((picture) => cameFirst(picture, cards))}</td></tr>`;
}

/** Right ones have a frame, and say so where no style is. */
function cameFirst({ path, right }: QueryOutcome['first'][number], cards: readonly PictureCard[]): Html {
  const shown = shownPath(path);
  const card = cards.find((one) => one.path === path || one.path === shown);
  const name = `${right ? 'right: ' : ''}${cutMiddle(shown, 200)}`;
  const content = card
    ? html`<img src="${raw(dataUri('image/jpeg', card.jpeg))}" alt="${name}" title="${name}">`
    : html`${right && '✓ '}<bdi>${breakable(cutMiddle(shown, 80))}</bdi>`;
  return html`<span class="lookbook-came${right && ' lookbook-right'}">${content}</span>`;
}

function editsPart(edits: readonly EditFigures[]): Html {
  const rows = edits.map(
    ({ edit, first, reciprocalRank, cosine }) =>
      html`<tr><td>${EDIT_NAMES[edit]}</td><td class="lookbook-wide">${bar(first, 1)}</td><td class="lookbook-number">${share(first)}</td><td class="lookbook-number">${ratio(reciprocalRank)}</td><td class="lookbook-number">${ratio(cosine)}</td></tr>`,
  );
  return html`<div class="lookbook-part"><b>Without labels</b></div><div class="lookbook-soft">${counted(edits[0]?.pictures ?? 0, 'picture')} edited: each must find the picture that it was, among all.</div><table class="lookbook-table"><thead><tr><th>Edit</th><th></th><th>Found first</th><th>Mean reciprocal rank</th><th>Cosine</th></tr></thead><tbody>${rows}</tbody></table>`;
}
