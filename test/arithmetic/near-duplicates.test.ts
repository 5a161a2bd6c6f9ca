import { describe, expect, it } from 'vitest';
import {
  collapseNear,
  groupPairs,
  type Look,
  type NearPair,
  nearLimits,
  nearness,
  searchPairs,
} from '#lib/arithmetic/near-duplicates.js';
import { FLAT_HASH, hashDistance, packHashes } from '#lib/arithmetic/perceptual-hash.js';
import { seeded } from '#lib/arithmetic/seeded.js';
import { dot, normalise, stack } from '#lib/arithmetic/vectors.js';

const limits = { bits: 8, cosine: 0.9 };
const vector = (...values: number[]): Float32Array => normalise(Float32Array.from(values));
const look: Look = {
  hash: `00ff00ff00ff00ff${'0000c8'.repeat(16)}`,
  vector: vector(1, 0),
  width: 400,
  height: 300,
};

function pair(a: number, b: number, cosine = 0.95): NearPair {
  return { a, b, bits: 3, cosine };
}

describe('two pictures are near', () => {
  it('when hash and vector agree', () => {
    const edit = { ...look, hash: '00ff00ff00ff000f', vector: vector(1, 0.1) };
    expect(nearness(look, edit, limits)).toEqual({ bits: 4, cosine: expect.closeTo(0.995, 3) });
  });

  const any = { bits: 64, cosine: -1 };
  it.each<[string, Partial<Look>, Partial<Look>, typeof limits]>([
    ['their hashes alone', {}, { vector: vector(0, 1) }, limits],
    ['their vectors alone', {}, { hash: 'ff00ff00ff00ff00' }, limits],
    ['hashes that tell nothing', { hash: FLAT_HASH }, { hash: FLAT_HASH }, any],
    ['one that has no hash', {}, { hash: '' }, any],
    ['one of another shape', {}, { width: 300, height: 400 }, any],
    ['hashes of other colours', {}, { hash: `${look.hash!.slice(0, 16)}${'00c800'.repeat(16)}` }, any],
  ])('but not by %s', (_, a, b, within) => {
    expect(nearness({ ...look, ...a }, { ...look, ...b }, within)).toBeNull();
    expect(nearness(look, look, within)).toEqual({ bits: 0, cosine: 1 });
  });

  it('by the hash almost alone where nobody measured the encoder', () => {
    expect(nearLimits(undefined).bits).toBeLessThan(nearLimits({ cosine: 0.85 }).bits);
    expect(nearLimits({ cosine: 0.85, bits: 3 })).toEqual({ cosine: 0.85, bits: 3 });
  });
});

describe('near pairs', () => {
  it('are those of comparing each with each', () => {
    const random = seeded(3);
    const digits = (): string => Math.floor(random() * 16).toString(16);
    const base = Array.from({ length: 20 }, () => Array.from({ length: 16 }, digits).join(''));
    const rows = Array.from({ length: 120 }, (_, n) => {
      const hash = n % 7 === 0 ? FLAT_HASH : `${base[n % 20]!.slice(0, 14)}${digits()}${digits()}`;
      const direction = Array.from({ length: 8 }, (_, at) => (((n % 20) + at * 3) % 5) - 2 + random());
      return { hash, vector: vector(...direction), width: n % 5 === 0 ? 300 : 400, height: 300 };
    });
    const expected: string[] = [];
    for (let a = 0; a < rows.length; a++)
      for (let b = a + 1; b < rows.length; b++)
        if (nearness(rows[a]!, rows[b]!, limits)) expected.push(`${a} ${b}`);
    const search = searchPairs(
      {
        hashes: rows.map(({ hash }) => hash),
        sides: rows,
        vectors: stack(
          rows.map((row) => row.vector),
          8,
        ),
        dimension: 8,
      },
      limits,
    );
    while (!search.step());
    expect(search.share()).toBeGreaterThan(0.99);
    expect(expected.length).toBeGreaterThan(20);
    expect(search.pairs.map(({ a, b }) => `${a} ${b}`)).toEqual(expected);
    for (const { a, b, bits, cosine } of search.pairs) {
      expect(bits).toBe(hashDistance(packHashes([rows[a]!.hash]), packHashes([rows[b]!.hash])));
      expect(cosine).toBeCloseTo(dot(rows[a]!.vector, rows[b]!.vector), 5);
    }
  });

  it('of none and of one picture are none', () => {
    for (const hashes of [[], ['00ff00ff00ff00ff']]) {
      const sides = hashes.map(() => look);
      const search = searchPairs({ hashes, sides, vectors: new Float32Array(8), dimension: 8 }, limits);
      expect(search.step()).toBe(true);
      expect(search.pairs).toEqual([]);
    }
  });
});

describe('groups', () => {
  it('hold an original with its edits, nearest first', () => {
    expect(groupPairs([pair(4, 7, 0.91), pair(4, 9, 0.99), pair(7, 9, 0.9)])).toEqual([
      {
        centre: 4,
        others: [
          { row: 9, bits: 3, cosine: 0.99 },
          { row: 7, bits: 3, cosine: 0.91 },
        ],
      },
    ]);
  });

  it('are no chains: all members are near to the centre itself', () => {
    const chain = Array.from({ length: 9 }, (_, n) => pair(n, n + 1));
    const groups = groupPairs(chain);
    expect(groups.length).toBeGreaterThan(2);
    for (const { centre, others } of groups)
      for (const { row } of others) expect(Math.abs(row - centre)).toBe(1);
  });

  it('put every picture into one group at most, whatever the pairs', () => {
    const random = seeded(9);
    for (let round = 0; round < 50; round++) {
      const pairs: NearPair[] = [];
      for (let a = 0; a < 15; a++)
        for (let b = a + 1; b < 15; b++) if (random() < 0.15) pairs.push(pair(a, b, 0.9 + random() / 10));
      const groups = groupPairs(pairs);
      const rows = groups.flatMap(({ centre, others }) => [centre, ...others.map(({ row }) => row)]);
      expect(new Set(rows).size).toBe(rows.length);
      for (const { centre, others } of groups)
        for (const { row } of others)
          expect(pairs.some(({ a, b }) => (a === centre && b === row) || (b === centre && a === row))).toBe(
            true,
          );
      // Two that are near are left apart only where one of them belongs to another group.
      for (const { a, b } of pairs) expect(rows.includes(a) || rows.includes(b)).toBe(true);
    }
  });
});

describe('hits that are the same picture', () => {
  it('come together under the best of them', () => {
    const edit = { ...look, hash: '00ff00ff00ff00fe' };
    const other = { ...look, hash: 'ffff0000ffff0000' };
    const hits = [
      { name: 'other', look: other },
      { name: 'best', look },
      { name: 'edit', look: edit },
    ];
    const collapsed = collapseNear(hits, (hit) => hit.look, limits);
    expect(collapsed.map(({ hit, others }) => [hit.name, others.map(({ name }) => name)])).toEqual([
      ['other', []],
      ['best', ['edit']],
    ]);
  });

  it('without hashes stay as they are', () => {
    const { vector: same } = look;
    const hits = [1, 2].map((n) => ({ n, look: { vector: same!, width: 4, height: 3 } }));
    expect(collapseNear(hits, (hit) => hit.look, limits)).toHaveLength(2);
  });
});
