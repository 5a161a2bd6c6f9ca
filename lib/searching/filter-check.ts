/** What is wrong with a filter, all at once, before anything is asked. Pure. */
import picomatch from 'picomatch';
import { CONTENT_FIELDS, PICTURE_FIELDS, SEGMENT_FIELDS } from '../rows.js';
import type { Filter, Where } from '../types.js';
import { timeSpan } from './dates.js';

/** One check for each part of a filter. @returns what is wrong, beginning with the name of the part. */
const CHECKS: { [Part in keyof Required<Filter>]: (value: unknown) => string[] } = {
  folder: (value) => texts('folder', value, folderProblem),
  name: (value) => texts('name', value, globProblem),
  taken: (value) => range('taken', value, dateEnds),
  camera: cameraProblems,
  size: sizeProblems,
  orientation: (value) =>
    texts('orientation', value, (one) =>
      ['landscape', 'portrait', 'square'].includes(one)
        ? ''
        : `orientation is "${one}", expected landscape, portrait or square`,
    ),
  format: (value) => texts('format', value),
  label: (value) => texts('label', value),
  segments: (value) => range('segments', value, countEnds),
  addedSince: (value) => (timeSpan(value) ? [] : [`addedSince is ${told(value)}, expected ${DATES}`]),
  near: nearProblems,
  photograph: (value) =>
    typeof value === 'boolean' ? [] : [`photograph is ${told(value)}, expected true or false`],
};

/** The parts that a filter may have. */
const FILTER_FIELDS: readonly string[] = Object.keys(CHECKS);

const SIZES = ['Width', 'Height', 'Pixels', 'Bytes'] as const;
const SIZE_FIELDS: readonly string[] = SIZES.flatMap((of) => [`min${of}`, `max${of}`]);
const DATES = "a Date or ISO text such as '2023', '2023-05' or '2023-05-17'";
const ROW_FIELDS = [...CONTENT_FIELDS, ...PICTURE_FIELDS, ...SEGMENT_FIELDS];
const MARKER = 'segments.';

/** Whether it is the store's own form rather than a filter in a person's words: the two share no field. */
export function isWhere(where: Filter | Where): where is Where {
  return isRecord(where) && ['field', 'and', 'or'].some((field) => Object.hasOwn(where, field));
}

/** Everything that is wrong with a filter, as pieces of a sentence; none when it can be asked. */
export function problemsOfFilter(where: unknown): string[] {
  if (!isRecord(where)) return [`where is ${told(where)}, expected an object`];
  if (isWhere(where)) return problemsOfTree(where);
  const unknown = Object.keys(where).filter((field) => !FILTER_FIELDS.includes(field));
  return [
    ...(unknown.length
      ? [`unknown fields ${unknown.join(', ')} in where (known: ${FILTER_FIELDS.join(', ')})`]
      : []),
    ...Object.entries(CHECKS).flatMap(([field, check]) =>
      where[field] === undefined ? [] : check(where[field]),
    ),
  ];
}

/** The fields that a tree of the store's own form speaks of. */
export function fieldsOf(where: Where): string[] {
  if ('and' in where) return where.and.flatMap(fieldsOf);
  if ('or' in where) return where.or.flatMap(fieldsOf);
  return [where.field];
}

function problemsOfTree(where: unknown): string[] {
  const problems = nodeProblems(where);
  if (problems.length) return problems;
  // The shape is right now.
  const fields = [...new Set(fieldsOf(where as Where))];
  const unknown = fields.filter((field) => !ROW_FIELDS.includes(field) && !field.startsWith(MARKER));
  const ofPictures = fields.filter((field) => PICTURE_FIELDS.includes(field) || field.startsWith(MARKER));
  const ofSegments = fields.filter((field) => SEGMENT_FIELDS.includes(field));
  return [
    ...(unknown.length
      ? [`unknown fields ${unknown.join(', ')} in where (known: ${ROW_FIELDS.join(', ')})`]
      : []),
    ...(ofPictures.length && ofSegments.length
      ? [
          `where speaks of pictures (${ofPictures.join(', ')}) and of segments (${ofSegments.join(', ')}), and no row has both`,
        ]
      : []),
  ];
}

function nodeProblems(node: unknown): string[] {
  if (!isRecord(node)) return [`a part of where is ${told(node)}, expected an object`];
  const keys = Object.keys(node);
  for (const join of ['and', 'or']) {
    if (!(join in node)) continue;
    const parts = node[join];
    if (keys.length > 1) return [`a part of where has ${keys.join(' and ')}, expected one of field, and, or`];
    return Array.isArray(parts)
      ? parts.flatMap(nodeProblems)
      : [`${join} is ${told(parts)}, expected a list`];
  }
  return leafProblems(node, keys);
}

function leafProblems(node: Record<string, unknown>, keys: readonly string[]): string[] {
  const { field } = node;
  if (typeof field !== 'string' || field === '')
    return [`field is ${told(field)} in where, expected the name of one`];
  const asked = keys.filter((key) => key !== 'field');
  const kinds = new Set(asked.map((key) => (key === 'from' || key === 'to' ? 'from, to' : key)));
  const forms = ['is', 'isNot', 'oneOf', 'from, to'];
  if (kinds.size > 1 || [...kinds].some((kind) => !forms.includes(kind)))
    return [`${field} is asked with ${asked.join(' and ')}, expected one of is, isNot, oneOf, from and to`];
  const { oneOf, from, to } = node;
  if ('oneOf' in node)
    return Array.isArray(oneOf) && oneOf.every(isScalar)
      ? []
      : [`${field}.oneOf is ${told(oneOf)}, expected a list of texts, numbers or true and false`];
  const wrong = asked.filter((key) =>
    key === 'from' || key === 'to' ? !isBound(node[key]) : !isScalar(node[key]),
  );
  if (wrong.length) return wrong.map((key) => `${field}.${key} is ${told(node[key])}`);
  return isBound(from) && isBound(to) && Number(from) > Number(to)
    ? [`${field} runs from ${from} to ${to}, backwards`]
    : [];
}

/** A text, or a list of texts that is not empty. */
function texts(part: string, value: unknown, problemOf: (one: string) => string = () => ''): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return [`${part} is an empty list, which no picture passes`];
  return list.flatMap((one) => {
    if (typeof one !== 'string') return [`${part} is ${told(one)}, expected a text or a list of them`];
    if (one.trim() === '') return [`${part} is an empty text`];
    return problemOf(one) || [];
  });
}

function folderProblem(folder: string): string {
  const up = folder.split(/[/\\]/).includes('..');
  return up
    ? `folder "${folder}" has a step up (..), expected a folder below a source or an absolute path`
    : '';
}

function globProblem(glob: string): string {
  if (/[/\\]/.test(glob.replaceAll(/\\[^/]/g, '')))
    return `name "${glob}" has a slash; folders are asked with folder`;
  try {
    picomatch.makeRe(glob);
    return '';
  } catch {
    return `name "${glob}" is no glob`;
  }
}

/** { from?, to? } of some kind, at least one of them, in order. */
function range(
  part: string,
  value: unknown,
  ends: (part: string, value: unknown) => { low: number; high: number } | string,
): string[] {
  const wanted = 'an object with from, to or both';
  if (!isRecord(value)) return [`${part} is ${told(value)}, expected ${wanted}`];
  const unknown = Object.keys(value).filter((key) => key !== 'from' && key !== 'to');
  const problems = unknown.length
    ? [`unknown fields ${unknown.join(', ')} in ${part} (known: from, to)`]
    : [];
  const given = (['from', 'to'] as const).filter((key) => value[key] !== undefined);
  if (given.length === 0 && unknown.length === 0) problems.push(`${part} is empty, expected ${wanted}`);
  const [low, high] = (['from', 'to'] as const).map((key) => {
    if (value[key] === undefined) return undefined;
    const end = ends(`${part}.${key}`, value[key]);
    if (typeof end === 'string') problems.push(end);
    return typeof end === 'string' ? undefined : end;
  });
  if (low && high && low.low > high.high)
    problems.push(`${part} runs from ${told(value.from)} to ${told(value.to)}, backwards`);
  return problems;
}

function dateEnds(part: string, value: unknown): { low: number; high: number } | string {
  const span = timeSpan(value);
  return span ? { low: span.from, high: span.to } : `${part} is ${told(value)}, expected ${DATES}`;
}

function countEnds(part: string, value: unknown): { low: number; high: number } | string {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? { low: value, high: value }
    : `${part} is ${told(value)}, expected a whole number from 0`;
}

function cameraProblems(value: unknown): string[] {
  const name = isRecord(value) ? value.is : value;
  const unknown = isRecord(value) ? Object.keys(value).filter((key) => key !== 'is') : [];
  if (unknown.length) return [`unknown fields ${unknown.join(', ')} in camera (known: is)`];
  if (typeof name === 'string' && name.trim() !== '') return [];
  return [`camera is ${told(value)}, expected a part of its name, or { is: 'the whole name' }`];
}

function sizeProblems(value: unknown): string[] {
  const known = SIZE_FIELDS.join(', ');
  if (!isRecord(value)) return [`size is ${told(value)}, expected an object of ${known}`];
  const unknown = Object.keys(value).filter((key) => !SIZE_FIELDS.includes(key));
  const isGood = (one: unknown): one is number => typeof one === 'number' && Number.isFinite(one) && one >= 0;
  const bad = SIZE_FIELDS.filter((key) => value[key] !== undefined && !isGood(value[key]));
  const isEmpty = SIZE_FIELDS.every((key) => value[key] === undefined);
  return [
    ...(unknown.length ? [`unknown fields ${unknown.join(', ')} in size (known: ${known})`] : []),
    ...(isEmpty && !unknown.length ? [`size is empty, expected some of ${known}`] : []),
    ...bad.map((key) => `size.${key} is ${told(value[key])}, expected a number from 0`),
    ...SIZES.flatMap((of) => {
      const [least, most] = [value[`min${of}`], value[`max${of}`]];
      return isGood(least) && isGood(most) && least > most
        ? [`size.min${of} is ${least}, more than size.max${of}, ${most}`]
        : [];
    }),
  ];
}

function nearProblems(value: unknown): string[] {
  if (!isRecord(value)) return [`near is ${told(value)}, expected { latitude, longitude, km }`];
  const limits: Record<string, [number, number]> = {
    latitude: [-90, 90],
    longitude: [-180, 180],
    km: [0, 25_000],
  };
  const unknown = Object.keys(value).filter((key) => !(key in limits));
  return [
    ...(unknown.length
      ? [`unknown fields ${unknown.join(', ')} in near (known: latitude, longitude, km)`]
      : []),
    ...Object.entries(limits).flatMap(([key, [least, most]]) => {
      const one = value[key];
      const isGood = typeof one === 'number' && one >= least && one <= most && (key !== 'km' || one > 0);
      const wanted = `expected a number ${key === 'km' ? 'above' : 'from'} ${least} up to ${most}`;
      return isGood ? [] : [`near.${key} is ${told(one)}, ${wanted}`];
    }),
  ];
}

function told(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Object.prototype.toString.call(value) === '[object Date]') return String(value);
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 80 ? `${text.slice(0, 80)}…` : text;
  } catch {
    return String(value); // a ring, or a BigInt
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function isBound(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(value);
}
