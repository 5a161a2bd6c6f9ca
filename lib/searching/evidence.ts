/** What a hit shows for itself. */
import { segmentOf } from '../rows.js';
import type { Explanation, Hit, SegmentEvidence, StoredRecord } from '../types.js';
import { type Answer, type Candidate, fusionOf, type Question } from './candidates.js';
import { formulaOf } from './fusion.js';
import { explained, type Judged } from './judging.js';
import { wordsOf } from './query.js';

/** Nothing for segments that are too small to count or beyond what is shown. */
export function evidenceOf(
  { segmentId, rank, score }: Candidate['segments'][number],
  row: StoredRecord | undefined,
  { library, judge }: Question,
): SegmentEvidence[] {
  if (!row) return [];
  const { bbox, area, label, origin } = segmentOf(segmentId, row.metadata);
  if (area < library.minSegmentArea) return [];
  const name = label ?? (row.vector && judge.name(row.vector));
  return [
    {
      segmentId,
      bbox,
      score,
      rank,
      ...(name === undefined ? {} : { label: name }),
      ...(origin === undefined ? {} : { origin }),
    },
  ];
}

/** The segments of `all`, in the order of its things, each called by what it answers. */
export function answering(
  answers: readonly Answer[],
  rows: ReadonlyMap<string, StoredRecord>,
  { judged, question }: { judged: readonly Judged[]; question: Question },
): SegmentEvidence[] {
  return answers.flatMap(({ segmentId, rank }, thing) => {
    const row = rows.get(segmentId);
    if (!row) return []; // removed between the two questions
    const title = question.query.all[thing]!.map((term) => wordsOf(term, question.pathOf)).join(' + ');
    const { bbox, origin } = segmentOf(segmentId, row.metadata);
    const score = judged[thing]!.cosine;
    return [
      {
        segmentId,
        bbox,
        score,
        rank,
        label: title,
        answers: title,
        ...(origin === undefined ? {} : { origin }),
      },
    ];
  });
}

/** The label that the words name, where the segment that is shown first bears it. */
export function labelOf(
  candidate: Candidate,
  segments: readonly SegmentEvidence[],
): { label: string; relevance: number } | undefined {
  const [first] = candidate.segments;
  const [shown] = segments;
  if (!first?.label || shown?.segmentId !== first.segmentId || shown.label === undefined) return undefined;
  return { label: shown.label, relevance: first.label };
}

/** The numbers behind a hit. */
export function explain(
  candidate: Candidate,
  judged: {
    ofWhole: Judged | undefined;
    ofPart: Judged | undefined;
    label: Hit['evidence']['label'];
    answers: readonly Judged[] | undefined;
  },
  question: Question,
): Explanation {
  const { query } = question;
  const titles = (things: typeof query.all): string[] =>
    things.map((thing) => thing.map((term) => wordsOf(term, question.pathOf)).join(' + '));
  const { ofWhole, ofPart, label, answers } = judged;
  return {
    ...(ofWhole ? { picture: explained(ofWhole) } : {}),
    ...(ofPart ? { segment: explained(ofPart) } : {}),
    ...(label ? { label } : {}),
    ...(answers
      ? {
          all: titles(query.all).map((title, thing) => ({
            title,
            ...explained(answers[thing]!),
          })),
        }
      : {}),
    ...(candidate.held
      ? { without: titles(query.without).map((title, thing) => ({ title, logit: candidate.held![thing]! })) }
      : {}),
    formula: candidate.answers
      ? 'the mean of the logarithms of the cosines of a segment for each thing'
      : formulaOf(fusionOf(question), {
          wholes: query.match !== 'partial',
          parts: query.match !== 'full' && question.library.segments !== null,
        }),
  };
}
