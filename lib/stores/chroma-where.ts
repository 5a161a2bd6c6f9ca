/** A neutral filter in Chroma's words, with the same meaning as `matches` in where.ts. */
import type { Scalar, Where } from '../types.js';

type Comparison = { $eq: Scalar } | { $ne: Scalar } | { $in: Scalar[] } | { $gte: number } | { $lte: number };
export type ChromaWhere = { [field: string]: Comparison } | { $and: ChromaWhere[] } | { $or: ChromaWhere[] };

/** `true` passes every row and `false` none: Chroma has no words for either, nor for lists of one part. */
export type ChromaFilter = ChromaWhere | boolean;

/**
 * What Chroma 1.0 does otherwise than one would think, measured:
 * - it stores 2 as an integer and 2.5 as a float, and cuts a float operand to compare it with integers, so that
 *   `is: 1.5` and `from: 1.5` find 1, and `to: -1.5` finds -1: the cut integer is let in or kept out by name;
 * - `$in` takes values of one type only, and none when empty; `$and` and `$or` want two parts;
 * - `$ne` also passes a missing field, as ours does.
 */
export function toChroma(where: Where): ChromaFilter {
  if ('and' in where) return all(where.and.map(toChroma));
  if ('or' in where) return any(where.or.map(toChroma));
  const { field } = where;
  if ('is' in where) return equal(field, where.is);
  if ('isNot' in where) return unequal(field, where.isNot);
  if ('oneOf' in where) return oneOf(field, where.oneOf);
  return all([atLeast(field, where.from ?? -Infinity), atMost(field, where.to ?? Infinity)]);
}

function equal(field: string, value: Scalar): ChromaFilter {
  if (!isFraction(value)) return { [field]: { $eq: value } };
  return all([{ [field]: { $eq: value } }, { [field]: { $ne: Math.trunc(value) } }]);
}

function unequal(field: string, value: Scalar): ChromaFilter {
  if (!isFraction(value)) return { [field]: { $ne: value } };
  return any([{ [field]: { $ne: value } }, { [field]: { $eq: Math.trunc(value) } }]);
}

function oneOf(field: string, values: readonly Scalar[]): ChromaFilter {
  const plain = values.filter((value) => !isFraction(value));
  const kinds = ['string', 'number', 'boolean'].map((kind) => plain.filter((value) => typeof value === kind));
  return any([
    ...kinds.filter((kind) => kind.length).map((kind) => ({ [field]: { $in: kind } })),
    ...values.filter(isFraction).map((value) => equal(field, value)),
  ]);
}

function atLeast(field: string, bound: number): ChromaFilter {
  const from = Math.max(bound, -Number.MAX_VALUE);
  if (from === Infinity) return false;
  const cut = Math.trunc(from);
  return all([{ [field]: { $gte: from } }, cut < from ? { [field]: { $ne: cut } } : true]);
}

function atMost(field: string, bound: number): ChromaFilter {
  const to = Math.min(bound, Number.MAX_VALUE);
  if (to === -Infinity) return false;
  const cut = Math.trunc(to);
  return all([{ [field]: { $lte: to } }, cut > to ? { [field]: { $ne: cut } } : true]);
}

function all(parts: readonly ChromaFilter[]): ChromaFilter {
  if (parts.includes(false)) return false;
  const real = parts.filter((part) => typeof part !== 'boolean');
  return real.length > 1 ? { $and: real } : (real[0] ?? true);
}

function any(parts: readonly ChromaFilter[]): ChromaFilter {
  if (parts.includes(true)) return true;
  const real = parts.filter((part) => typeof part !== 'boolean');
  return real.length > 1 ? { $or: real } : (real[0] ?? false);
}

function isFraction(value: Scalar): value is number {
  return typeof value === 'number' && !Number.isInteger(value);
}
