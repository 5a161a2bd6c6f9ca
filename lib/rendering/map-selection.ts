import { LookbookError } from '../errors.js';
import type { MapPoint, MapSelection, MapView } from '../types.js';
import { count, counted } from '../words.js';

/**
 * What would be lost or would act in a text that is copied, pasted into String.raw`…` and cut into lines: control
 * characters, marks that cannot be seen, half pairs, and the backtick, "${" and "%" themselves; blanks only at the ends.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be lost
  /^\s|\s$|[\u0000-\u001F\u007F-\u009F`%\u200B\u200E\u200F\u061C\u202A-\u202E\u2028\u2029\u2060-\u2069\uFEFF\uFFF9-\uFFFF\p{Cs}]|\$(?=\{)|\\$/gu;

/** A title as one line of a selection; `unescapeLine` gives it back. */
export function selectionLine(title: string): string {
  return title.replace(UNSAFE, (character) =>
    Array.from(character, (_, at) => escaped(character.charCodeAt(at))).join(''),
  );
}

/**
 * Reads a selection back: the text that the page of a map shows for what was selected there, pasted into a cell.
 * @param text a path a line, best within String.raw`…`; where several points share a path, followed by ` #` and the id.
 * @throws LookbookError when it names nothing, or a point that this map has not.
 */
export function selection(text: string, view: MapView): MapSelection {
  const points = view.points.filter(({ kind }) => kind !== 'query');
  const byTitle = new Map<string, MapPoint[]>();
  const byId = new Map(points.map((point) => [point.id, point]));
  for (const point of points) byTitle.set(point.title, [...(byTitle.get(point.title) ?? []), point]);
  const chosen = new Set<MapPoint>();
  const unknown: string[] = [];
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  for (const line of lines) {
    const found = pointsOf(line.trim(), byTitle, byId);
    for (const point of found) chosen.add(point);
    if (!found.length) unknown.push(line.trim());
  }
  if (!lines.length) throw nothingSelected();
  if (unknown.length) throw unknownLines(unknown, lines.length);
  return { ids: [...chosen].map(({ id }) => id), paths: [...chosen].map(({ title }) => title) };
}

/** A line is a title, a title and an id, or an id; a title alone means every point that carries it. */
function pointsOf(
  line: string,
  byTitle: ReadonlyMap<string, MapPoint[]>,
  byId: ReadonlyMap<string, MapPoint>,
): readonly MapPoint[] {
  const whole = byTitle.get(unescapeLine(line));
  if (whole) return whole;
  const [, title, id] = /^(.*)\s#(\S+)$/.exec(line) ?? [null, null, line];
  const point = byId.get(unescapeLine(id!));
  return point && (title === null || point.title === unescapeLine(title!)) ? [point] : [];
}

function unescapeLine(line: string): string {
  return line.replace(/%u([0-9A-F]{4})|%([0-9A-F]{2})/g, (_, long: string, short: string) =>
    String.fromCharCode(Number.parseInt(long ?? short, 16)),
  );
}

function escaped(code: number): string {
  const hex = code.toString(16).toUpperCase();
  return code < 256 ? `%${hex.padStart(2, '0')}` : `%u${hex.padStart(4, '0')}`;
}

function nothingSelected(): LookbookError {
  return new LookbookError('selection', {
    what: 'nothing is selected',
    got: 'no line with a path',
    expected: 'the text that the page of the map shows for a selection',
    mend: 'Draw round some points on the page of the map, copy the paths it lists, and paste them here.',
  });
}

function unknownLines(unknown: readonly string[], all: number): LookbookError {
  const shown = unknown.slice(0, 3).map((line) => (line.length > 80 ? `${line.slice(0, 79)}…` : line));
  return new LookbookError('selection', {
    what: `${counted(unknown.length, 'line')} of ${count(all)} name${unknown.length === 1 ? 's' : ''} no point of this map`,
    got: shown.map((line) => `"${line}"`).join(', '),
    expected: 'paths as the page of this map lists them',
    mend: 'Select on a page made from this very map, and paste the text whole, within String.raw`…`.',
  });
}
