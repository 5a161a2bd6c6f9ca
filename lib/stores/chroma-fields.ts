/** Metadata on its way to Chroma and back: what the client will send and the server will keep. */
import type { Metadata, Scalar } from '../types.js';

/** Metadata as Chroma answers it; other writers may have put lists there. */
export type Fields = Record<string, unknown>;

/**
 * The client leaves `null` out of what it sends, but the server needs it to remove a field; NaN passes the
 * client and is written as null in JSON.
 */
const removed = Number.NaN;

/** Metadata that takes the place of the old: Chroma by itself would keep the old fields of a row written again. */
export function replacing(metadata: Metadata, old: Metadata = {}): Metadata {
  const gone = Object.fromEntries(Object.keys(old).map((key) => [key, removed]));
  return filled({ ...gone, ...metadata });
}

/** Single fields to set, or to remove where they are null. */
export function changing(changes: Record<string, Scalar | null>): Metadata {
  return filled(Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, value ?? removed])));
}

/** The fields that are ours. */
export function plain(fields: Fields | null | undefined): Metadata {
  const kept: Metadata = {};
  for (const [key, value] of Object.entries(fields ?? {}))
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      kept[key] = value;
  return kept;
}

/** The client refuses metadata without any field; removing one that nobody has changes nothing. */
function filled(metadata: Metadata): Metadata {
  return Object.keys(metadata).length ? metadata : { _: removed };
}
