import { LookbookError } from '../errors.js';
import type { Query } from '../types.js';

/** A query with its number of hits decided. */
export interface CheckedQuery extends Query {
  k: number;
  offset: number;
}

const FIELDS = new Set(['text', 'image', 'like', 'k', 'offset', 'where', 'segments']);
const LONGEST_TEXT = 10_000;

/** @throws LookbookError that lists every problem of the query at once. */
export function checkQuery(asked: string | Query, defaults: { k?: number } = {}): CheckedQuery {
  const query: Query = typeof asked === 'string' ? { text: asked } : asked;
  const k = query.k ?? defaults.k ?? 10;
  const offset = query.offset ?? 0;
  const problems: string[] = [];
  const unknown = Object.keys(query).filter((field) => !FIELDS.has(field));
  if (unknown.length)
    problems.push(`unknown fields ${unknown.join(', ')} (known: ${[...FIELDS].join(', ')})`);
  const given = (['text', 'image', 'like'] as const).filter((field) => query[field] !== undefined);
  if (given.length !== 1)
    problems.push(
      `${given.length ? given.join(' and ') : 'nothing'} to ask with, expected one of text, image, like`,
    );
  if (query.text !== undefined && query.text.trim() === '') problems.push('text is empty');
  if ((query.text?.length ?? 0) > LONGEST_TEXT)
    problems.push(`text has ${query.text?.length} letters, at most ${LONGEST_TEXT}`);
  if (!Number.isInteger(k) || k < 1 || k > 1000) problems.push(`k is ${k}, expected 1 to 1000`);
  if (!Number.isInteger(offset) || offset < 0) problems.push(`offset is ${offset}, expected 0 or more`);
  if (problems.length) {
    throw new LookbookError('search', {
      what: 'the query cannot be asked',
      got: problems.join('; '),
      mend: "Ask with words ('red car') or with an object ({ image: 'path', k: 10 }).",
    });
  }
  return { ...query, k, offset };
}

/** The query in a person's words, for headings. */
export function titleOf(query: Query): string {
  if (query.text !== undefined) return query.text;
  if (query.like !== undefined) return `like ${query.like}`;
  return typeof query.image === 'string' ? `like ${query.image}` : 'like the picture given';
}
