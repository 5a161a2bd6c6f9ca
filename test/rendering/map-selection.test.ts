import { describe, expect, test } from 'vitest';
import { selection, selectionLine } from '#lib/rendering/map-selection.js';
import type { MapPoint, MapView } from '#lib/types.js';
import { mapOf } from './fixtures.js';
import { nastyStrings } from './nasty.js';

const viewOf = (titles: readonly string[]): MapView => ({
  title: '',
  points: titles.map((title, n): MapPoint => ({ id: `id${n}`, x: 0, y: 0, title, kind: 'plain' })),
});

/** What a notebook cell makes of a text that is pasted between the backticks of String.raw. */
const pasted = (text: string): string => new Function(`return String.raw\`\n${text}\n\`;`)() as string;

describe('a selection', () => {
  test('is read back as ids and paths, each once, in the order of the text', async () => {
    const view = await mapOf(20);
    const lines = [7, 3, 7].map((n) => view.points[n]!.title);
    expect(selection(`\n  ${lines.join('\r\n')}\n\n`, view)).toEqual({
      ids: ['p7', 'p3'],
      paths: [view.points[7]!.title, view.points[3]!.title],
    });
  });

  test('keeps any path whole on its way through a cell', () => {
    const titles = [
      ...nastyStrings,
      ' blank ',
      '\ttab',
      'C:\\new\\',
      '`${boom()}`',
      '100%25',
      'a #b',
      '%u0041',
    ];
    const text = titles.map(selectionLine).join('\n');
    expect(text.split('\n')).toHaveLength(titles.length);
    expect(selection(pasted(text), viewOf(titles)).paths).toEqual(titles);
  });

  test('leaves ordinary paths as they are read', () => {
    for (const path of ['/home/a/photo (1).jpg', 'C:\\Users\\x\\ä ö.jpg', '写真/猫.png', 'a/$5 & co #1.jpg'])
      expect(selectionLine(path)).toBe(path);
  });

  test('tells points of one path apart by their id, and a path alone means them all', () => {
    const view = viewOf(['a.jpg', 'a.jpg', 'b.jpg']);
    expect(selection('a.jpg #id1', view).ids).toEqual(['id1']);
    expect(selection('a.jpg', view).ids).toEqual(['id0', 'id1']);
    expect(selection('id2', view).ids).toEqual(['id2']);
  });

  test('of nothing is refused, and so is what this map has not', async () => {
    const view = await mapOf(20);
    expect(() => selection(' \n\n', view)).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [selection] nothing is selected: got no line with a path, expected the text that the page of the map shows for a selection. Draw round some points on the page of the map, copy the paths it lists, and paste them here.]`,
    );
    expect(() =>
      selection('x.jpg\nimages/cats/cat-0.jpg\ny.jpg #p1', view),
    ).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [selection] 2 lines of 3 name no point of this map: got "x.jpg", "y.jpg #p1", expected paths as the page of this map lists them. Select on a page made from this very map, and paste the text whole, within String.raw\`…\`.]`,
    );
    expect(() => selection('a sleeping cat', view)).toThrow('names no point of this map');
    expect(() => selection('images/cats/cat-0.jpg #p1', view)).toThrow('names no point of this map');
  });
});
