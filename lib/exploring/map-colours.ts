import { LookbookError } from '../errors.js';
import type { MapField, MapPoint } from '../types.js';
import { factFields, tellsApart } from './map-fields.js';
import type { Found, LaidRows, MapSources } from './map-sources.js';

/** Nearly all points of a map answer a question not at all: ranges of equally many would all be of nothing. */
const RELEVANCE_EDGES: readonly number[] = [0.01, 0.1, 0.5, 0.9];

/**
 * What was given first, then folder, relevance and the stored facts; what tells no two points apart is left out.
 * @throws LookbookError when `colourBy` is none of them.
 */
export async function fieldsOf(
  laid: LaidRows,
  { found, points }: { found: Found; points: readonly MapPoint[] },
  sources: MapSources,
): Promise<{ fields: MapField[]; colour: string | undefined }> {
  const { moreFields, colourBy, signal, onProgress } = sources;
  const folders = laid.rows.map(({ id }) => found.lyingOf(id)?.folder ?? null);
  const own: MapField[] = [
    { name: 'folder', kind: 'category', values: folders },
    {
      name: 'relevance to the query',
      kind: 'number',
      unit: 'share',
      edges: RELEVANCE_EDGES,
      values: points.map(({ relevance }) => relevance ?? null),
    },
  ];
  // A picture's label is the last part of its folder; where that is all of it, one of the two is enough.
  const same = folders.every((folder, index) => folder === points[index]!.label);
  const folderOf = (id: string): string | undefined => found.lyingOf(id)?.folder;
  const given = ((await moreFields?.(laid, { folderOf, signal, onProgress })) ?? []).filter(tellsApart);
  const others = [...(same ? own.slice(1) : own), ...factFields(laid.rows)];
  const fields = [...given, ...others.filter(tellsApart)];
  if (colourBy === 'folder' && same) return { fields, colour: 'label' };
  if (colourBy !== undefined) refuseUnknown(colourBy, fields);
  return { fields, colour: colourBy ?? given[0]?.name };
}

/** @throws LookbookError when nothing of that name tells the points apart. */
function refuseUnknown(colourBy: string, fields: readonly MapField[]): void {
  const known = ['label', ...fields.map(({ name }) => name)];
  if (known.includes(colourBy)) return;
  throw new LookbookError('map', {
    what: 'the map cannot be coloured so',
    got: `colourBy "${colourBy}"`,
    expected: known.join(', '),
    mend: 'Name one of these: what is the same for all points tells none apart.',
  });
}
