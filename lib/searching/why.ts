import type { Hit } from '../types.js';

/** One line: which part answers, as what, and how each side ranked it. */
export function whyOf({ evidence }: Pick<Hit, 'evidence'>): string {
  const { segments, picture, label } = evidence;
  const answers = segments.filter((segment) => segment.answers !== undefined);
  if (answers.length)
    return answers
      .map(({ answers, rank, score }) => `${answers}: part ${rank} (${score.toFixed(2)})`)
      .join('; ');
  const [best] = segments;
  const part = best
    ? `${best.label ?? 'a part'} ranks ${best.rank} of all parts (${best.score.toFixed(2)})`
    : 'no part of it stands out';
  const named = label ? `, and is labelled ${label.label}` : '';
  const whole = picture
    ? `the whole ranks ${picture.rank} (${picture.score.toFixed(2)})`
    : 'the whole is not among the nearest';
  return `${part}${named}; ${whole}`;
}
