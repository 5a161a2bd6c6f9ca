import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { emptyMask } from '#lib/arithmetic/masks.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { boxRecall, exactCounts, unionIoU } from '#lib/commands/embedded/instances.js';
import { characterOf } from '#lib/commands/embedded/languages.js';
import { misspell, readQueries, unknownSynonyms } from '#lib/commands/embedded/queries.js';
import { ROWS, tableOf, verdict } from '#lib/commands/embedded/table.js';
import { type Unseen, unseenFigures } from '#lib/commands/embedded/unseen.js';
import { rankOf, recallAt } from '#lib/commands/ranks.js';
import type { Concept } from '#lib/commands/scenes/icons.js';
import { projectPath } from '#lib/paths.js';
import type { FoundSegment, Mask } from '#lib/types.js';
import { discs } from './discs.js';

/** A rectangle of ones in a mask of 8 × 8. */
function rectangle(left: number, top: number, width: number, height: number): Mask {
  const mask = emptyMask(8, 8);
  for (let y = top; y < top + height; y++) mask.data.fill(1, 8 * y + left, 8 * y + left + width);
  return mask;
}

function found(...masks: Mask[]): FoundSegment[] {
  return masks.map((mask) => ({ mask, score: 1 }));
}

describe('the table of the embedded model', () => {
  it('says of each row whether it is reached, by how much not, or that it was not measured', () => {
    const [shares, bytes] = [
      ROWS.find(({ unit }) => unit === 'share')!,
      ROWS.find(({ unit }) => unit === 'MiB')!,
    ];
    expect(verdict({ ...shares, asked: 0.9 }, 0.9)).toBe('reached');
    expect(verdict({ ...shares, asked: 0.9 }, 0.885)).toBe('short by 1.5');
    expect(verdict({ ...shares, asked: null }, 0.5)).toBe('');
    expect(verdict({ ...bytes, asked: 9 * 2 ** 20 }, 8 * 2 ** 20)).toBe('reached');
    expect(verdict({ ...bytes, asked: 9 * 2 ** 20 }, 9.5 * 2 ** 20)).toBe('short by 0.50 MiB');
    expect(verdict(shares, null)).toBe('not measured');
  });

  it('has every figure once, in lines of aligned columns', () => {
    const names = ROWS.map(({ figure }) => figure);
    expect(new Set(names).size).toBe(names.length);
    const lines = tableOf({ 'embedded.seen.r1': 0.935 });
    expect(lines).toHaveLength(names.length + 1);
    expect(lines[1]).toMatch(/^embedded\.seen\.r1 +62\.0 +87\.0 +93\.0 +93\.5 {2}reached$/);
    const ends = lines.slice(0, 4).map((line) => line.match(/^\S+ +\S+ +\S+ +\S+ +\S+/)![0].length);
    expect(new Set(ends).size).toBe(1);
  });
});

describe('what the embedded model is asked', () => {
  it('misspells by one letter within the word: dropped, doubled or exchanged with the next', () => {
    const random = seeded(1);
    for (let n = 0; n < 200; n++) {
      const wrong = misspell('bridge', random);
      expect(wrong.startsWith('b') && (wrong.endsWith('e') || wrong === 'brideg')).toBe(true);
      const letters = [...wrong].sort().join('');
      if (wrong.length === 6) expect(letters).toBe([...'bridge'].sort().join(''));
      else expect(Math.abs(wrong.length - 6)).toBe(1);
    }
    expect(misspell('cat', random)).toBe('cat');
  });

  it('asks no synonym whose words all stand in names, tags or subgroups', () => {
    const [first] = discs.concepts;
    const synonyms = { disc: 'disc', 'geometric disc': 'disc', roundel: 'disc', 'round disc': 'disc' };
    const asked = unknownSynonyms(synonyms, [first!]);
    expect(asked.map(([text]) => text)).toEqual(['roundel', 'round disc']);
    expect(asked[0]![1].test('disc 0')).toBe(true);
  });

  it('asks at least 200 synonyms of its own file, each of which some concept answers', async () => {
    const written: Omit<Concept, 'names' | 'icons'>[] = JSON.parse(
      await readFile(projectPath('models/pictoclip/concepts.json'), 'utf8'),
    );
    const concepts = written.map((concept) => ({
      ...concept,
      names: [concept.label.toLowerCase()],
      icons: {},
    }));
    const asked = unknownSynonyms((await readQueries()).synonyms, concepts);
    expect(asked.length).toBeGreaterThanOrEqual(200);
    for (const [text, meant] of asked)
      expect(
        concepts.some(({ names }) => meant.test(names[0]!)),
        text,
      ).toBe(true);
  });

  it('knows characters by their code points, with or without the selector of coloured drawings', () => {
    expect(characterOf('1f600')).toBe('😀');
    expect(characterOf('2764-fe0f')).toBe('❤');
  });
});

describe('ranks', () => {
  it('count those that score higher, and a tie costs nothing', () => {
    const pictures = [
      [1, 0],
      [0.6, 0.8],
      [1, 0],
    ].map((row) => Float32Array.from(row));
    expect(rankOf(0, Float32Array.from([1, 0]), pictures)).toBe(0);
    expect(rankOf(1, Float32Array.from([1, 0]), pictures)).toBe(2);
    expect(recallAt(1, [0, 1, 4, 0])).toBe(0.5);
    expect(recallAt(5, [0, 1, 4, 0])).toBe(1);
  });
});

describe('segments against the truth', () => {
  const one = { masks: [rectangle(0, 0, 4, 4)] };
  const two = { masks: [rectangle(0, 0, 4, 4), rectangle(4, 4, 4, 4)] };

  it('a count is exact or it is not', () => {
    const segments = [found(one.masks[0]!), found(one.masks[0]!), found(...two.masks)];
    expect(exactCounts([one, two, two], segments)).toEqual([1, 0.5, 0, 0]);
  });

  it('all things together meet all segments together, whatever covers what', () => {
    const split = found(rectangle(0, 0, 4, 2), rectangle(0, 2, 4, 2), rectangle(4, 4, 4, 4));
    expect(unionIoU([two], [split], 8)).toBe(1);
    expect(unionIoU([two], [found(two.masks[0]!)], 8)).toBe(0.5);
    expect(unionIoU([two], [[]], 8)).toBe(0);
  });

  it('a box is met from half of its union on, by masks of any size', () => {
    const large = emptyMask(16, 16);
    for (let y = 0; y < 8; y++) large.data.fill(1, 16 * y, 16 * y + 8);
    expect(boxRecall([two], [found(large)])).toBe(0.5);
    expect(boxRecall([one], [found(rectangle(0, 0, 4, 2))])).toBe(1);
    expect(boxRecall([one], [found(rectangle(0, 0, 4, 1))])).toBe(0);
  });
});

describe('a style that was held out', () => {
  const recalls = { recallAt1: 0.5, recallAt5: 0.7, recallAt10: 0.8 };
  const written: Unseen = {
    run: { pictures: 1, minutes: 1, seed: 0, sets: ['noto'] },
    unseen: { 'fluent-emoji-flat': { concepts: 3, clean: recalls, hardBackgrounds: recalls } },
  };

  it('gives its clean figures', () => {
    expect(unseenFigures(written, () => undefined)).toEqual({
      'embedded.unseen.r1': 0.5,
      'embedded.unseen.r5': 0.7,
      'embedded.unseen.r10': 0.8,
    });
  });

  it('gives none, and says so, of a run that learnt it', () => {
    const lines: string[] = [];
    const learnt = { ...written, run: { ...written.run, sets: ['noto', 'fluent-emoji-flat'] } };
    expect(unseenFigures(learnt, (line) => lines.push(line))).toEqual({});
    expect(lines.at(-1)).toContain('NO FIGURES OF AN UNSEEN STYLE');
  });
});
