import { CONTENT_FIELDS, fingerprintOfMarker, SEGMENT_FIELDS } from '../rows.js';
import type { MapField, Metadata, Scalar, StoredRecord } from '../types.js';

/** How the stored facts are named and read; a fact that is not here is shown under its own name. */
const KNOWN: Record<string, Partial<Omit<MapField, 'values'>>> = {
  taken: { name: 'date taken', kind: 'date' },
  added: { name: 'date added', kind: 'date' },
  bytes: { name: 'file size', unit: 'bytes' },
  width: { name: 'width in pixels' },
  height: { name: 'height in pixels' },
  area: { name: 'share of the picture', unit: 'share' },
  certainty: { unit: 'share' },
  origin: { name: 'segmenter' },
};

/** Facts that say where a thing lies in its picture: nobody asks a map for them; `label` is every map's own. */
const LEFT_OUT: ReadonlySet<string> = new Set(['x', 'y', 'boxWidth', 'boxHeight', 'label']);

const DAY_MS = 86_400_000;

/** Every stored fact that tells rows apart, as fields of a map: one value a row, in the order of the rows. */
export function factFields(rows: readonly StoredRecord[]): MapField[] {
  const facts = [...CONTENT_FIELDS, 'added', ...SEGMENT_FIELDS].filter((fact) => !LEFT_OUT.has(fact));
  const segments: MapField = {
    name: 'number of segments',
    kind: 'number',
    values: rows.map(({ metadata }) => segmentsOf(metadata)),
  };
  return [...facts.map((fact) => factField(rows, fact)), segments].filter(tellsApart);
}

/** Whether a field has two different values, or some rows have one and others none; times of one day are alike. */
export function tellsApart({ kind, values }: MapField): boolean {
  const read = kind === 'date' ? values.map((value) => value && Math.floor(Number(value) / DAY_MS)) : values;
  return new Set(read).size > 1;
}

function factField(rows: readonly StoredRecord[], fact: string): MapField {
  const values = rows.map(({ metadata }) => shownValue(factOf(metadata, fact)));
  const kind = values.some((value) => typeof value === 'string') ? 'category' : 'number';
  return { name: fact, kind, ...KNOWN[fact], values };
}

function factOf(metadata: Metadata, fact: string): Scalar | undefined {
  return Object.hasOwn(metadata, fact) ? metadata[fact] : undefined;
}

function shownValue(value: Scalar | undefined): string | number | null {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value ?? null;
}

/** Over all segmenters that are done with a picture; null where none is. */
function segmentsOf(metadata: Metadata): number | null {
  const counts = Object.keys(metadata)
    .filter((field) => fingerprintOfMarker(field) !== null)
    .map((field) => Number(metadata[field]));
  return counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
}
