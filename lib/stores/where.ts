/** The meaning of a neutral filter, evaluated on one row. Every store must agree with it. */
import type { Metadata, Where } from '../types.js';

/**
 * Whether the row passes. Values are equal only within one type: 1 is neither "1" nor true. A range passes
 * numbers alone, and a range without bounds passes every number. A missing field passes nothing but `isNot`,
 * which also passes a value of another type. `and` of nothing passes all, `or` of nothing passes none.
 */
export function matches(where: Where, metadata: Metadata): boolean {
  if ('and' in where) return where.and.every((part) => matches(part, metadata));
  if ('or' in where) return where.or.some((part) => matches(part, metadata));
  const value = Object.hasOwn(metadata, where.field) ? metadata[where.field] : undefined;
  if ('is' in where) return value === where.is;
  if ('isNot' in where) return value !== where.isNot;
  if ('oneOf' in where) return value !== undefined && where.oneOf.includes(value);
  return typeof value === 'number' && value >= (where.from ?? -Infinity) && value <= (where.to ?? Infinity);
}
