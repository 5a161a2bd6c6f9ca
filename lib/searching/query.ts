import { LookbookError } from '../errors.js';
import { shownPath } from '../paths.js';
import type { Fusion, Query, Relation, Term } from '../types.js';
import { problemsOfFilter } from './filter-check.js';

/** One thing that asks: exactly one of text, image and like. */
export interface CheckedTerm extends Term {
  weight: number;
}

/** A query with every part decided. */
export interface CheckedQuery {
  asked: Query;
  /** What asks; none where `all` asks. */
  terms: CheckedTerm[];
  without: CheckedTerm[][];
  all: CheckedTerm[][];
  relation: Relation | null;
  match: 'full' | 'partial' | 'both';
  k: number;
  offset: number;
  collapse: boolean;
  /** What is missing is the encoder's own line. */
  minRelevance: { full?: number; partial?: number };
  /** undefined: what was measured best for the kind of question. */
  fusion: Fusion | undefined;
  explain: boolean;
}

/** Each field of a query, and what it must be. */
const FIELDS: Record<keyof Query, (value: unknown) => string | null> = {
  text: isText,
  image: (value) =>
    value instanceof Uint8Array || (typeof value === 'string' && value !== '')
      ? null
      : 'a path, an http(s) URL or the bytes of a picture',
  like: (value) => (typeof value === 'string' && value !== '' ? null : 'an imageId or segmentId'),
  region: (value) => regionFault(value),
  prepare: (value) =>
    isRecord(value) && Object.entries(value).every(([name, on]) => PREPARATIONS.has(name) && isSwitch(on))
      ? null
      : '{ removeText?: true, enhance?: true }',
  terms: (value) => (isList(value) && value.length > 0 ? null : 'a list of terms'),
  without: (value) => (isList(value) ? null : 'a list of words or terms'),
  all: (value) =>
    isList(value) && value.length > 0 && value.length <= MOST_THINGS
      ? null
      : `a list of 1 to ${MOST_THINGS} words or terms`,
  relation: (value) => (RELATIONS.includes(value as Relation) ? null : RELATIONS.join(' | ')),
  where: () => null,
  match: (value) => (MATCHES.includes(value as string) ? null : MATCHES.join(' | ')),
  segments: (value) => (isSwitch(value) ? null : 'true or false'),
  k: (value) => (isWhole(value, 1, 1000) ? null : '1 to 1000'),
  offset: (value) => (isWhole(value, 0) ? null : '0 or more'),
  collapse: (value) => (isSwitch(value) ? null : 'true or false'),
  minRelevance: (value) =>
    isShare(value) || isShares(value, ['full', 'partial']) ? null : '0 to 1, or { full, partial } of them',
  fusion: (value) =>
    FUSIONS.includes(value as string) || isShares(value, ['picture', 'label'])
      ? null
      : `${FUSIONS.join(' | ')}, or { picture: 0 to 1, label: 0 to 1 }`,
  explain: (value) => (isSwitch(value) ? null : 'true or false'),
};

const TERM_FIELDS: readonly (keyof Term)[] = ['text', 'image', 'like', 'region', 'prepare', 'weight'];
const PREPARATIONS = new Set(['removeText', 'enhance']);
const RELATIONS: readonly Relation[] = [
  'left of',
  'right of',
  'above',
  'below',
  'inside',
  'larger than',
  'smaller than',
];
const MATCHES: readonly string[] = ['full', 'partial', 'both'];
const FUSIONS: readonly string[] = ['best part', 'best of both', 'regions'];
const LONGEST_TEXT = 10_000;
/** Each costs a search of its own, and their assignment to segments grows faster than their number. */
const MOST_THINGS = 6;

/** @throws LookbookError that lists every problem of the query at once. */
export function checkQuery(asked: string | Query, defaults: { k?: number } = {}): CheckedQuery {
  const query: Query = typeof asked === 'string' ? { text: asked } : asked;
  const faults = isRecord(query) ? faultsOf(query) : ['it is no text and no object'];
  if (defaults.k !== undefined && !isWhole(defaults.k, 1, 1000))
    faults.push(`k is ${shown(defaults.k)}, expected 1 to 1000`);
  if (faults.length) {
    throw new LookbookError('search', {
      what: 'the query cannot be asked',
      got: faults.join('; '),
      mend: "Ask with words ('red car') or with an object ({ image: 'path', k: 10 }).",
    });
  }
  const line = query.minRelevance;
  return {
    asked: query,
    terms: [...split(query), ...(query.terms ?? []).map(termOf).flatMap(split)],
    without: (query.without ?? []).map((one) => split(termOf(one))),
    all: (query.all ?? []).map((one) => split(termOf(one))),
    relation: query.relation ?? null,
    match: query.segments === false ? 'full' : (query.match ?? 'both'),
    k: query.k ?? defaults.k ?? 10,
    offset: query.offset ?? 0,
    collapse: query.collapse ?? true,
    minRelevance: typeof line === 'number' ? { full: line, partial: line } : defined(line ?? {}),
    fusion: query.fusion,
    explain: query.explain ?? false,
  };
}

/** An undefined part is one that was not given. */
function defined({ full, partial }: { full?: number; partial?: number }): {
  full?: number;
  partial?: number;
} {
  return { ...(full === undefined ? {} : { full }), ...(partial === undefined ? {} : { partial }) };
}

function faultsOf(query: Query): string[] {
  const faults = fieldFaults(query, '', Object.keys(FIELDS));
  const lists = { terms: query.terms, without: query.without, all: query.all };
  for (const [name, list] of Object.entries(lists)) {
    if (!isList(list)) continue;
    for (const [index, one] of list.entries()) faults.push(...termFaults(one, `${name}[${index}]`));
  }
  faults.push(
    ...asksOf(query, 'the query'),
    ...contradictions(query),
    ...(query.where === undefined ? [] : problemsOfFilter(query.where)),
  );
  return faults;
}

function termFaults(one: unknown, at: string): string[] {
  const term = termOf(one as string | Term);
  if (!isRecord(term)) return [`${at} is ${shown(one)}, expected words or a term`];
  const faults = [...fieldFaults(term, `${at}.`, TERM_FIELDS), ...asksOf(term, at)];
  if (!hasQuestion(term)) faults.push(`${at} has nothing to ask with, expected text, image or like`);
  return faults;
}

/** Unknown fields, and known ones of another kind. */
function fieldFaults(value: object, at: string, known: readonly string[]): string[] {
  const unknown = Object.keys(value).filter((field) => !known.includes(field));
  const faults = unknown.length
    ? [`unknown fields ${unknown.map((field) => at + field).join(', ')} (known: ${known.join(', ')})`]
    : [];
  for (const [field, given] of Object.entries(value)) {
    if (given === undefined || !known.includes(field)) continue;
    const fault = field === 'weight' ? weightFault(given) : FIELDS[field as keyof Query](given);
    if (fault) faults.push(`${at}${field} is ${shown(given)}, expected ${fault}`);
  }
  return faults;
}

/** What a region or a preparation needs. */
function asksOf(term: Term, at: string): string[] {
  const faults: string[] = [];
  if (term.region !== undefined && term.image === undefined && term.like === undefined)
    faults.push(`${at} has a region of no picture, expected image or like beside it`);
  if (term.region !== undefined && term.like?.includes(':'))
    faults.push(`${at} has a region of the segment ${term.like}, expected an imageId`);
  if (term.prepare !== undefined && term.image === undefined)
    faults.push(`${at} has prepare but no image to prepare`);
  return faults;
}

function contradictions(query: Query): string[] {
  const { all, terms, relation, match, segments } = query;
  const faults: string[] = [];
  const asks = hasQuestion(query) || (isList(terms) && terms.length > 0);
  if (!asks && all === undefined)
    faults.push('nothing to ask with, expected one of text, image, like, terms, all');
  if (asks && all !== undefined)
    faults.push('all beside text, image, like or terms, expected one way of asking');
  if (isList(terms) && !hasQuestion(query) && !terms.some((one) => weightOf(one) > 0))
    faults.push('no term has a weight above 0, expected one at least');
  for (const [name, list] of Object.entries({ all, without: query.without })) {
    if (isList(list) && list.some((one) => weightOf(one) !== 1))
      faults.push(`a weight in ${name}, expected none: its things are not weighed against each other`);
  }
  if (relation !== undefined && all?.length !== 2)
    faults.push(`relation with ${all?.length ?? 0} things in all, expected two`);
  if (all !== undefined && (segments === false || match === 'full'))
    faults.push('all with whole pictures only, expected parts: all looks at different segments');
  if (segments === false && match !== undefined && match !== 'full')
    faults.push(`segments: false with match: '${match}', expected one of the two`);
  return faults;
}

function weightOf(one: unknown): number {
  return isRecord(one) && typeof one.weight === 'number' ? one.weight : 1;
}

function hasQuestion({ text, image, like }: Term): boolean {
  return text !== undefined || image !== undefined || like !== undefined;
}

/** A term that asks with several things becomes several of the same weight. */
function split({ text, image, like, region, prepare, weight = 1 }: Term): CheckedTerm[] {
  const given: CheckedTerm[] = [];
  const part = region === undefined ? {} : { region };
  if (text !== undefined) given.push({ text, weight });
  if (image !== undefined) given.push({ image, ...part, ...(prepare ? { prepare } : {}), weight });
  if (like !== undefined) given.push({ like, ...(image === undefined ? part : {}), weight });
  return given;
}

function termOf(one: string | Term): Term {
  return typeof one === 'string' ? { text: one } : one;
}

function isText(value: unknown): string | null {
  if (typeof value !== 'string') return 'words';
  if (value.trim() === '') return 'words, not an empty text';
  return value.length > LONGEST_TEXT ? `at most ${LONGEST_TEXT} letters` : null;
}

function regionFault(value: unknown): string | null {
  const expected = '{ x, y, width, height } in pixels, or { polygon: [[x, y], …] } of three corners or more';
  if (!isRecord(value)) return expected;
  const { polygon, x, y, width, height } = value;
  if (polygon === undefined) {
    const isBox = [x, y].every(isNumber) && [width, height].every((side) => isNumber(side) && side > 0);
    return isBox ? null : expected;
  }
  const isCorner = (corner: unknown): boolean =>
    isList(corner) && corner.length === 2 && corner.every(isNumber);
  return isList(polygon) && polygon.length >= 3 && polygon.every(isCorner) ? null : expected;
}

function weightFault(value: unknown): string | null {
  return isNumber(value) && value !== 0 ? null : 'a number other than 0';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isShare(value: unknown): boolean {
  return isNumber(value) && value >= 0 && value <= 1;
}

/** Shares under some of these names, and under no other. */
function isShares(value: unknown, names: readonly string[]): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([name, share]) => names.includes(name) && (share === undefined || isShare(share)),
    )
  );
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean';
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The query in a person's words, for headings. */
export function titleOf(query: CheckedQuery, like: (id: string) => string): string {
  const { terms, all, without, relation } = query;
  const side = (one: readonly CheckedTerm[]): string => one.map((term) => wordsOf(term, like)).join(' + ');
  const things = all.map(side);
  const main = relation ? things.join(` ${relation} `) : all.length ? things.join(' and ') : side(terms);
  return without.length ? `${main}, without ${without.map(side).join(' or ')}` : main;
}

/** One term in a person's words. */
export function wordsOf(term: CheckedTerm, like: (id: string) => string): string {
  const { text, image, region, weight } = term;
  const part = region === undefined ? '' : 'a part of ';
  const base = text ?? `like ${part}${pictureOf(image, term.like, like)}`;
  return weight === 1 ? base : `${base} × ${weight}`;
}

function pictureOf(
  image: string | Uint8Array | undefined,
  id: string | undefined,
  like: (id: string) => string,
): string {
  if (typeof image === 'string') return shownPath(image);
  return image ? 'the picture given' : like(id ?? '');
}
