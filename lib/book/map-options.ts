import { LookbookError } from '../errors.js';
import type { ExploreOptions } from '../types.js';

/** A map of more points is drawn by nothing here. */
const MOST_POINTS = 1_000_000;
/** More do not fit into one picture. */
const MOST_TILES = 4096;

const FIELDS: Record<keyof ExploreOptions, (value: unknown) => string | null> = {
  of: (value) => (value === 'pictures' || value === 'segments' ? null : 'pictures or segments'),
  query: (value) => (isResult(value) ? null : 'what a search gave: await book.search(…)'),
  colourBy: (value) => (typeof value === 'string' && value ? null : "'label' or the name of a field"),
  mostPoints: (value) => (isWhole(value, 1, MOST_POINTS) ? null : `1 to ${MOST_POINTS}`),
  mostTiles: (value) => (isWhole(value, 0, MOST_TILES) ? null : `0 to ${MOST_TILES}`),
  page: (value) =>
    typeof value === 'boolean' || (typeof value === 'string' && /[^/\\]\.html$/.test(value))
      ? null
      : 'true, false, or a path that ends in .html',
  again: (value) => (typeof value === 'boolean' ? null : 'true or false'),
  signal: (value) => (value instanceof AbortSignal ? null : 'an AbortSignal'),
  onProgress: (value) => (typeof value === 'function' ? null : 'a function'),
};

/** @throws LookbookError that lists every problem at once. */
export function checkExploring(options: ExploreOptions): ExploreOptions {
  const unknown = Object.keys(options).filter((name) => !(name in FIELDS));
  const problems = Object.entries(FIELDS).flatMap(([name, faultOf]) => {
    const value = options[name as keyof ExploreOptions];
    const expected = value === undefined ? null : faultOf(value);
    return expected === null ? [] : [`${name} is ${shown(value)}, expected ${expected}`];
  });
  if (unknown.length) problems.push(`unknown fields ${unknown.join(', ')}`);
  if (!problems.length) return options;
  throw new LookbookError('map', {
    what: 'no map can be made so',
    got: problems.join('; '),
    expected: `an object of ${Object.keys(FIELDS).join(', ')}`,
    mend: 'Every part may be left out.',
  });
}

function isResult(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'hits' in value && Array.isArray(value.hits);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}
