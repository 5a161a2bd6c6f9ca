/** What every store asks of its rows, so that all of them refuse the same things in the same words. */
import { LookbookError } from '../errors.js';
import type { CollectionSpec, NewRecord, Scalar, Where } from '../types.js';

const namePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{1,510})[a-zA-Z0-9]$/;
const lengthTolerance = 1e-3;
/** A lone surrogate, which cannot be written as UTF-8. */
const halfCharacter = /\p{Surrogate}/u;

/** Rows of one id written in one call: the last one counts. */
export function lastOfEach<T extends { id: string }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** @throws listing everything that is wrong with the spec. */
export function checkSpec({ name, dimension, fingerprint, facts = {} }: CollectionSpec): void {
  const problems: string[] = [];
  if (!namePattern.test(name)) problems.push(`the name "${name}" is not 3-512 of a-z A-Z 0-9 . _ -`);
  if (!Number.isInteger(dimension) || dimension < 1)
    problems.push(`the dimension ${dimension} is no whole number`);
  if (!fingerprint) problems.push('the fingerprint is empty');
  problems.push(...problemsOfMetadata(facts));
  if (problems.length)
    throw new LookbookError('store', {
      what: 'a collection cannot be created',
      got: problems.join('; '),
      mend: 'Correct the name, dimension, fingerprint or facts that were given to open().',
    });
}

/** Refuses vectors of another fingerprint or dimension. */
export function checkSame(
  wanted: CollectionSpec,
  found: { fingerprint: string | undefined; dimension: number | undefined },
): void {
  if (found.fingerprint === wanted.fingerprint && found.dimension === wanted.dimension) return;
  throw new LookbookError(`store ${wanted.name}`, {
    what: 'the collection holds vectors of something else',
    got: `fingerprint ${found.fingerprint ?? 'none'} with ${found.dimension ?? 'unknown'} numbers a vector`,
    expected: `fingerprint ${wanted.fingerprint} with ${wanted.dimension}`,
    mend: `Use another collection name for this encoder or segmenter, or drop "${wanted.name}" and index again.`,
  });
}

/** @throws naming the first rows whose vector or metadata no store should keep. */
export function checkRecords(collection: string, dimension: number, records: readonly NewRecord[]): void {
  const problems: string[] = [];
  for (const { id, vector, metadata } of records) {
    const wrong = [idProblem(id), vectorProblem(vector, dimension), ...problemsOfMetadata(metadata)].filter(
      Boolean,
    );
    if (wrong.length) problems.push(`"${id}": ${wrong.join(', ')}`);
  }
  refuse(collection, 'rows cannot be stored', problems);
}

/** Like checkRecords, for changes of metadata, where `null` removes a field. */
export function checkChanges(
  collection: string,
  rows: readonly { id: string; metadata: Record<string, Scalar | null> }[],
): void {
  const problems: string[] = [];
  for (const { id, metadata } of rows) {
    // A field that is removed needs a good name and no good value.
    const values = Object.entries(metadata).map(([field, value]) => [field, value ?? '']);
    const wrong = [idProblem(id), ...problemsOfMetadata(Object.fromEntries(values))].filter(Boolean);
    if (wrong.length) problems.push(`"${id}": ${wrong.join(', ')}`);
  }
  refuse(collection, 'metadata cannot be stored', problems);
}

/** @throws when the query could not have a meaning. */
export function checkQuery(
  collection: { name: string; dimension: number },
  vector: Float32Array,
  { k, where }: { k: number; where: Where | undefined },
): void {
  const problems = [vectorProblem(vector, collection.dimension)].filter(Boolean);
  if (!Number.isInteger(k) || k < 1) problems.push(`k is ${k}, no whole number from 1`);
  refuse(collection.name, 'this cannot be asked', problems);
  checkWhere(collection.name, where);
}

/** @throws when a filter names no field, or compares with what is no finite number or scalar. */
export function checkWhere(collection: string, where: Where | undefined): void {
  if (where) refuse(collection, 'the filter cannot be used', problemsOfWhere(where));
}

export function closedStore(where: string): LookbookError {
  return new LookbookError(where, {
    what: 'the store is closed',
    mend: 'Open the lookbook again before you ask or index.',
  });
}

export function unknownCollection(name: string, known: readonly { name: string }[]): LookbookError {
  return new LookbookError(`store ${name}`, {
    what: 'there is no such collection',
    got: `"${name}"`,
    expected: known.length
      ? `one of ${known.map((one) => one.name).join(', ')}`
      : 'a collection; there is none yet',
    mend: 'Take a name from collections().',
  });
}

function problemsOfWhere(where: Where): string[] {
  if ('and' in where) return where.and.flatMap(problemsOfWhere);
  if ('or' in where) return where.or.flatMap(problemsOfWhere);
  const values =
    'is' in where
      ? [where.is]
      : 'isNot' in where
        ? [where.isNot]
        : 'oneOf' in where
          ? where.oneOf
          : boundsOf(where);
  return [fieldProblem(where.field), ...values.map((value) => valueProblem(where.field, value))].filter(
    Boolean,
  );
}

function boundsOf({ from, to }: { from?: number; to?: number }): Scalar[] {
  // An endless bound is no bound.
  return [from ?? 0, to ?? 0].map((bound) => (Math.abs(bound) === Infinity ? 0 : bound));
}

function refuse(collection: string, what: string, problems: readonly string[]): void {
  if (!problems.length) return;
  const more = problems.length > 5 ? ` and ${problems.length - 5} more` : '';
  throw new LookbookError(`store ${collection}`, {
    what,
    got: problems.slice(0, 5).join('; ') + more,
    expected:
      'non-empty ids, finite vectors of length 1, and flat metadata of text, finite numbers and true or false',
    mend: 'Correct these rows or this query; nothing of this call was stored.',
  });
}

function idProblem(id: string): string {
  return typeof id === 'string' && id !== '' && !halfCharacter.test(id) ? '' : 'the id is empty or no text';
}

/** What is wrong with a vector, in words; empty where it is finite, of length 1 and has so many numbers. */
export function vectorProblem(vector: Float32Array, dimension: number): string {
  // Not instanceof: a notebook's cell may have a Float32Array of its own.
  if (Object.prototype.toString.call(vector) !== '[object Float32Array]')
    return 'the vector is no Float32Array';
  if (vector.length !== dimension) return `the vector has ${vector.length} numbers, not ${dimension}`;
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  if (!Number.isFinite(squares)) return 'the vector holds a number that is not finite';
  const length = Math.sqrt(squares);
  return Math.abs(length - 1) <= lengthTolerance
    ? ''
    : `the vector has length ${length.toPrecision(4)}, not 1`;
}

function problemsOfMetadata(metadata: Record<string, unknown>): string[] {
  return Object.entries(metadata)
    .flatMap(([field, value]) => [fieldProblem(field), valueProblem(field, value)])
    .filter(Boolean);
}

function fieldProblem(field: string): string {
  // Chroma reads $ as an operator and # as its own field, and loses fields that begin with "chroma:" silently.
  return field && !halfCharacter.test(field) && !/^(\$|#|chroma:|__proto__$)/.test(field)
    ? ''
    : `the field "${field}" is empty or begins with $, # or chroma:`;
}

function valueProblem(field: string, value: unknown): string {
  if (typeof value === 'boolean') return '';
  if (typeof value === 'number') return Number.isFinite(value) ? '' : `${field} is ${value}`;
  if (typeof value !== 'string') return `${field} is ${value === null ? 'null' : typeof value}`;
  return !halfCharacter.test(value) ? '' : `${field} holds half a character`;
}
