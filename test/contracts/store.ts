/** The laws of a vector store: every driver passes these. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LookbookError } from '#lib/errors.js';
import { matches } from '#lib/stores/where.js';
import type { Metadata, NewRecord, Scalar, VectorCollection, VectorStore, Where } from '#lib/types.js';

export interface StoreDriver {
  /** Opens the same store each time; the suite closes what it opens. */
  open(): Promise<VectorStore>;
}

/** Numbers 0..1 that are the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function unit(...numbers: number[]): Float32Array {
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => number / length);
}

export function randomRows(count: number, dimension: number, random: () => number): NewRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `row-${String(n).padStart(5, '0')}`,
    vector: unit(...Array.from({ length: dimension }, () => random() + random() + random() - 1.5)),
    metadata: { n, half: n / 2, even: n % 2 === 0, word: `w${n % 7}` },
  }));
}

/** The largest difference of two numbers at one place. */
function apart(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b || a.length !== b.length) return Infinity;
  return Math.max(...a.map((number, index) => Math.abs(number - b[index]!)));
}

async function allOf(pages: AsyncIterable<{ id: string }[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page.map((row) => row.id));
  return ids;
}

const fingerprint = 'a'.repeat(32);

export function storeContract(name: string, driver: StoreDriver): void {
  describe(`${name} keeps the contract of a store`, () => {
    let store: VectorStore;
    let made = 0;
    beforeAll(async () => {
      store = await driver.open();
    });
    afterAll(() => store?.close());

    // Two drivers may talk to one server.
    const series = `contract-${name.replaceAll(/[^a-z]/g, '')}`;
    const specOf = (dimension: number) => ({ name: `${series}-${++made}`, dimension, fingerprint });
    const fresh = (dimension = 3): Promise<VectorCollection> => store.open(specOf(dimension));
    const x = unit(1, 0, 0);
    const y = unit(0, 1, 0);
    const z = unit(0, 0, 1);
    const xy = unit(3, 4, 0);

    it('gives a row back as it was stored', async () => {
      const rows = await fresh();
      const metadata = {
        text: 'Ü "quoted" \\ \n 漢字 🐈',
        'segments.0af3': 12,
        whole: 3,
        half: 0.5,
        minus: -1.25,
        large: 2 ** 40,
        yes: true,
        no: false,
        empty: '',
      };
      await rows.upsert([{ id: 'a/ü:0', vector: xy, metadata }]);
      const [row] = await rows.get(['a/ü:0'], { vectors: true });
      expect(row?.metadata).toEqual(metadata);
      expect([...(row?.vector ?? [])]).toEqual([...xy]);
      expect((await rows.get(['a/ü:0']))[0]).not.toHaveProperty('vector');
    });

    it('keeps the order asked and leaves missing rows out', async () => {
      const rows = await fresh();
      await rows.upsert(['a', 'b', 'c'].map((id) => ({ id, vector: x, metadata: {} })));
      const found = await rows.get(['c', 'none', 'a', 'b', 'a']);
      expect(found.map((row) => row.id)).toEqual(['c', 'a', 'b', 'a']);
      expect(await rows.have(['b', 'none', 'c'])).toEqual(new Set(['b', 'c']));
      expect(await rows.get([])).toEqual([]);
      expect(await rows.have([])).toEqual(new Set());
    });

    it('replaces a row that is written again, metadata and vector', async () => {
      const rows = await fresh();
      await rows.upsert([{ id: 'a', vector: x, metadata: { old: 1, both: 'x' } }]);
      await rows.upsert([{ id: 'a', vector: y, metadata: { both: 2, fresh: true } }]);
      expect(await rows.get(['a'], { vectors: true })).toEqual([
        { id: 'a', metadata: { both: 2, fresh: true }, vector: y },
      ]);
      await rows.upsert([{ id: 'a', vector: y, metadata: {} }]);
      expect(await rows.get(['a'])).toEqual([{ id: 'a', metadata: {} }]);
      expect(await rows.count()).toBe(1);
    });

    it('takes the last of two rows of one id in one call', async () => {
      const rows = await fresh();
      await rows.upsert([
        { id: 'a', vector: x, metadata: { n: 1 } },
        { id: 'b', vector: x, metadata: {} },
        { id: 'a', vector: y, metadata: { m: 2 } },
      ]);
      expect(await rows.get(['a'], { vectors: true })).toEqual([{ id: 'a', metadata: { m: 2 }, vector: y }]);
      expect(await rows.count()).toBe(2);
    });

    it('sets and removes single fields and leaves the rest alone', async () => {
      const rows = await fresh();
      await rows.upsert([
        { id: 'a', vector: x, metadata: { keep: 1, change: 'x', go: true } },
        { id: 'b', vector: y, metadata: { keep: 2 } },
      ]);
      await rows.setMetadata([
        { id: 'a', metadata: { change: 7, go: null, come: 0.5 } },
        { id: 'nobody', metadata: { n: 1 } },
        { id: 'a', metadata: { come: 1.5 } },
      ]);
      expect(await rows.get(['a', 'b'], { vectors: true })).toEqual([
        { id: 'a', metadata: { keep: 1, change: 7, come: 1.5 }, vector: x },
        { id: 'b', metadata: { keep: 2 }, vector: y },
      ]);
      expect(await rows.count()).toBe(2);
      expect(await rows.count({ field: 'change', is: 'x' })).toBe(0);
      await rows.setMetadata([{ id: 'b', metadata: { keep: null, never: null } }]);
      expect(await rows.get(['b'])).toEqual([{ id: 'b', metadata: {} }]);
      await rows.setMetadata([]);
    });

    it('removes rows for good, and unknown ones without a word', async () => {
      const rows = await fresh();
      await rows.upsert(['a', 'b', 'c'].map((id, n) => ({ id, vector: [x, y, z][n] ?? x, metadata: { n } })));
      await rows.remove(['b', 'nobody']);
      await rows.remove([]);
      expect(await rows.count()).toBe(2);
      expect(await rows.get(['b'])).toEqual([]);
      expect((await rows.query(y, 3)).map((hit) => hit.id).sort()).toEqual(['a', 'c']);
      expect((await rows.get(['c'], { vectors: true }))[0]?.vector).toEqual(z);
    });

    it('finds the nearest first, with their cosine as score, and equal ones by id', async () => {
      const rows = await fresh();
      await rows.upsert([
        { id: 'd', vector: x, metadata: { tag: 'd' } },
        { id: 'b', vector: x, metadata: {} },
        { id: 'c', vector: unit(-1, 0, 0), metadata: {} },
        { id: 'a', vector: xy, metadata: {} },
      ]);
      const bare = await rows.query(x, 100, { metadata: false });
      const hits = await rows.query(x, 100);
      expect(bare).toEqual(hits.map(({ id, score }) => ({ id, score, metadata: {} })));
      expect(hits.map((hit) => hit.id)).toEqual(['b', 'd', 'a', 'c']);
      for (const [index, score] of [1, 1, 0.6, -1].entries())
        expect(hits[index]?.score).toBeCloseTo(score, 5);
      expect(hits[1]?.metadata).toEqual({ tag: 'd' });
      expect((await rows.query(x, 2)).map((hit) => hit.id)).toEqual(['b', 'd']);
    });

    it('asks only among the rows that are named, whether all of them are stored or not', async () => {
      const rows = await fresh();
      await rows.upsert([
        { id: 'a', vector: x, metadata: { n: 1 } },
        { id: 'b', vector: xy, metadata: { n: 2 } },
        { id: 'c', vector: y, metadata: { n: 2 } },
      ]);
      const idsOf = async (ids: string[], where?: Where): Promise<string[]> =>
        (await rows.query(x, 5, { ids, ...(where ? { where } : {}) })).map(({ id }) => id);
      expect(await idsOf(['c', 'b'])).toEqual(['b', 'c']);
      expect(await idsOf(['c', 'nobody', 'c'])).toEqual(['c']);
      expect(await idsOf(['a', 'b', 'nobody'], { field: 'n', is: 2 })).toEqual(['b']);
      expect(await idsOf(['nobody'])).toEqual([]);
      expect(await idsOf([])).toEqual([]);
    });

    it('gives ids and vectors without the metadata where nobody wants them', async () => {
      const rows = await fresh();
      await rows.upsert([
        { id: 'a', vector: x, metadata: { n: 1 } },
        { id: 'b', vector: y, metadata: { n: 2 } },
      ]);
      expect(await rows.get(['b', 'a'], { metadata: false })).toEqual([
        { id: 'b', metadata: {} },
        { id: 'a', metadata: {} },
      ]);
      const bare = { vectors: true, metadata: false };
      expect(await rows.get(['a'], bare)).toEqual([{ id: 'a', metadata: {}, vector: x }]);
      const pages: unknown[] = [];
      for await (const page of rows.pages({ ...bare, where: { field: 'n', is: 2 } })) pages.push(...page);
      expect(pages).toEqual([{ id: 'b', metadata: {}, vector: y }]);
      expect((await allOf(rows.pages({ metadata: false, size: 1 }))).sort()).toEqual(['a', 'b']);
    });

    it('finds nothing in a collection without rows', async () => {
      const rows = await fresh();
      expect(await rows.query(x, 5)).toEqual([]);
      expect(await rows.query(x, 5, { where: { field: 'n', is: 1 } })).toEqual([]);
      expect(await rows.count()).toBe(0);
      expect(await allOf(rows.pages())).toEqual([]);
      await rows.upsert([]);
      await rows.remove(['nobody']);
    });

    it('means the same by a filter as every other store', async () => {
      const rows = await fresh();
      const random = seeded(7);
      const values: Scalar[] = [
        -2,
        -1.5,
        -1,
        -0.5,
        0,
        0.25,
        1,
        1.5,
        2,
        3.75,
        '1',
        '',
        'red',
        'RED',
        true,
        false,
      ];
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      const records = Array.from({ length: 60 }, (_, n) => {
        const metadata: Metadata = {};
        for (const field of ['a', 'b', 'c.d']) if (random() < 0.75) metadata[field] = pick(values);
        return { id: `r${n}`, vector: unit(random() + 0.1, random(), random()), metadata };
      });
      await rows.upsert(records);
      const numbers = values.filter((value) => typeof value === 'number');
      const leaf = (): Where => {
        const field = pick(['a', 'b', 'c.d', 'nowhere']);
        const kind = Math.floor(random() * 5);
        if (kind === 0) return { field, is: pick(values) };
        if (kind === 1) return { field, isNot: pick(values) };
        if (kind === 2)
          return { field, oneOf: Array.from({ length: Math.floor(random() * 4) }, () => pick(values)) };
        if (kind === 3)
          return { field, from: pick(numbers), ...(random() < 0.5 ? { to: pick(numbers) } : {}) };
        return { field, ...(random() < 0.8 ? { to: pick(numbers) } : {}) };
      };
      const tree = (depth: number): Where => {
        if (depth === 0 || random() < 0.3) return leaf();
        const parts = Array.from({ length: Math.floor(random() * 4) }, () => tree(depth - 1));
        return random() < 0.5 ? { and: parts } : { or: parts };
      };
      const simple = values.flatMap((value): Where[] => [
        { field: 'a', is: value },
        { field: 'a', isNot: value },
        { field: 'a', oneOf: [value] },
        ...(typeof value === 'number'
          ? [
              { field: 'a', from: value },
              { field: 'a', to: value },
            ]
          : []),
      ]);
      const bounds: Where[] = [
        { field: 'a' },
        { field: 'a', from: -Infinity },
        { field: 'a', to: Infinity },
        { field: 'a', from: Infinity },
      ];
      const empty: Where[] = [
        { and: [] },
        { or: [] },
        { and: [{ or: [] }, leaf()] },
        { or: [{ and: [] }, leaf()] },
      ];
      const filters = [...simple, ...bounds, ...empty, ...Array.from({ length: 40 }, () => tree(3))];
      for (const where of filters) {
        const wanted = records.filter((record) => matches(where, record.metadata)).map((record) => record.id);
        const told = JSON.stringify(where);
        expect({ told, ids: (await allOf(rows.pages({ where, size: 25 }))).sort() }).toEqual({
          told,
          ids: wanted.sort(),
        });
      }
      for (const where of filters.slice(-12)) {
        const wanted = records.filter((record) => matches(where, record.metadata)).map((record) => record.id);
        expect(await rows.count(where)).toBe(wanted.length);
        const hits = await rows.query(x, 60, { where });
        expect(hits.map((hit) => hit.id).sort()).toEqual(wanted.sort());
      }
    });

    it('takes more rows than fit one batch, and gives each once in pages', async () => {
      const rows = await fresh(8);
      const records = randomRows(1203, 8, seeded(3));
      await rows.upsert(records);
      expect(await rows.count()).toBe(1203);
      const wanted = records.map((record) => record.id);
      let worst = 0;
      for (const size of [100, 401, 5000]) {
        const pages: number[] = [];
        const ids: string[] = [];
        for await (const page of rows.pages({ size, vectors: size === 401 })) {
          pages.push(page.length);
          for (const row of page) {
            ids.push(row.id);
            if (size === 401)
              worst = Math.max(worst, apart(row.vector, records[Number(row.id.slice(4))]?.vector));
          }
        }
        expect(ids.sort()).toEqual(wanted);
        expect(Math.max(...pages)).toBeLessThanOrEqual(size);
      }
      // A store may normalise again: the last bit of a float32 may change, no more.
      expect(worst).toBeLessThan(1e-6);
      const odd = await allOf(rows.pages({ where: { field: 'even', is: false }, size: 100 }));
      expect(odd.sort()).toEqual(wanted.filter((_, n) => n % 2 === 1));
      const asked = [...wanted].reverse();
      expect((await rows.get(asked)).map((row) => row.id)).toEqual(asked);
      expect((await rows.have([...wanted, 'nobody'])).size).toBe(1203);
      expect(await rows.query(records[5]!.vector, 1500)).toHaveLength(1203);
    });

    it('refuses what would spoil a collection, and stores nothing of that call', async () => {
      const rows = await fresh();
      const good = { id: 'good', vector: x, metadata: {} };
      const bad: NewRecord[] = [
        { id: 'short', vector: unit(1, 0), metadata: {} },
        { id: 'nan', vector: Float32Array.of(Number.NaN, 0, 1), metadata: {} },
        { id: 'endless', vector: Float32Array.of(Infinity, 0, 0), metadata: {} },
        { id: 'zero', vector: new Float32Array(3), metadata: {} },
        { id: 'long', vector: Float32Array.of(2, 0, 0), metadata: {} },
        { id: '', vector: x, metadata: {} },
        { id: 'number', vector: x, metadata: { n: Number.NaN } },
        { id: 'operator', vector: x, metadata: { $and: 1 } },
        { id: 'proto', vector: x, metadata: JSON.parse('{"__proto__": 1}') },
        { id: 'null', vector: x, metadata: JSON.parse('{"n": null}') },
        { id: 'list', vector: x, metadata: JSON.parse('{"n": [1]}') },
        { id: 'reserved', vector: x, metadata: { 'chroma:n': 1 } },
        { id: 'half', vector: x, metadata: { text: '\ud83d' } },
      ];
      for (const record of bad) await expect(rows.upsert([good, record])).rejects.toThrow(LookbookError);
      expect(await rows.count()).toBe(0);
      await expect(rows.setMetadata([{ id: 'a', metadata: { n: Infinity } }])).rejects.toThrow(LookbookError);
      await expect(rows.setMetadata([{ id: 'a', metadata: { $n: null } }])).rejects.toThrow(LookbookError);
      await expect(rows.query(unit(1, 0), 1)).rejects.toThrow(/2 numbers, not 3/);
      await expect(rows.query(x, 0)).rejects.toThrow(/k is 0/);
      await expect(rows.query(x, 1, { where: { field: 'n', from: Number.NaN } })).rejects.toThrow(/n is NaN/);
      await expect(rows.count({ field: '$or', is: 1 })).rejects.toThrow(LookbookError);
      await expect(rows.upsert([good, bad[1]!])).rejects.toThrow(/"nan": .* not finite/);
      await expect(rows.upsert([good, bad[0]!])).rejects.toThrow(/"short": the vector has 2 numbers, not 3/);
    });

    it('never lets vectors of two fingerprints or dimensions meet', async () => {
      const spec = specOf(3);
      await store.open(spec);
      const other = 'b'.repeat(32);
      const refusal = await store
        .open({ ...spec, fingerprint: other })
        .catch((error: Error) => error.message);
      expect(refusal).toContain(fingerprint);
      expect(refusal).toContain(other);
      expect(refusal).toMatch(/Use another collection name .* or drop/);
      await expect(store.open({ ...spec, dimension: 4 })).rejects.toThrow(/with 3 numbers .* with 4/);
    });

    it('refuses a collection whose name or size cannot be', async () => {
      for (const bad of ['ab', 'a b c', '.abc', 'abc-', 'ü'.repeat(4), 'a'.repeat(513)])
        await expect(store.open({ name: bad, dimension: 3, fingerprint })).rejects.toThrow(LookbookError);
      await expect(store.open({ name: 'abc', dimension: 0, fingerprint: '' })).rejects.toThrow(
        /dimension 0 .*; the fingerprint is empty/,
      );
    });

    it('opens a collection again with its rows and tells of it in the list', async () => {
      const spec = { ...specOf(3), facts: { encoder: 'pictoclip', version: 2, half: 0.5, ok: true } };
      const rows = await store.open(spec);
      await rows.upsert([{ id: 'a', vector: x, metadata: { n: 1 } }]);
      const again = await store.open({ name: spec.name, dimension: 3, fingerprint });
      expect(await again.get(['a'])).toEqual([{ id: 'a', metadata: { n: 1 } }]);
      const summary = (await store.list()).find((one) => one.name === spec.name);
      expect(summary).toEqual({ name: spec.name, dimension: 3, fingerprint, count: 1, facts: spec.facts });
    });

    it('gives one collection to all who create it at the same moment', async () => {
      const spec = specOf(3);
      const all = await Promise.all(Array.from({ length: 4 }, () => store.open(spec)));
      await Promise.all(all.map((rows, n) => rows.upsert([{ id: `r${n}`, vector: x, metadata: { n } }])));
      for (const rows of all) expect(await rows.count()).toBe(4);
    });

    it('drops a collection with its rows and no other', async () => {
      const spec = specOf(3);
      const gone = await store.open(spec);
      const stays = await fresh();
      for (const rows of [gone, stays]) await rows.upsert([{ id: 'a', vector: x, metadata: {} }]);
      await store.drop(spec.name);
      expect((await store.list()).map((one) => one.name)).not.toContain(spec.name);
      await expect(gone.count()).rejects.toThrow(/the collection is gone/);
      await expect(gone.upsert([{ id: 'b', vector: x, metadata: {} }])).rejects.toThrow(
        /the collection is gone/,
      );
      await expect(store.drop(spec.name)).rejects.toThrow(/there is no such collection/);
      expect(await stays.count()).toBe(1);
      const reborn = await store.open({ ...spec, fingerprint: 'c'.repeat(32), dimension: 2 });
      expect(await reborn.count()).toBe(0);
      await reborn.upsert([{ id: 'a', vector: unit(1, 1), metadata: {} }]);
      expect(await reborn.count()).toBe(1);
    });

    it('says that it is closed when it is used afterwards', async () => {
      const other = await driver.open();
      const rows = await other.open(specOf(3));
      await rows.upsert([{ id: 'a', vector: x, metadata: {} }]);
      await other.close();
      await other.close();
      await expect(rows.count()).rejects.toThrow(/the store is closed/);
      await expect(other.list()).rejects.toThrow(/the store is closed/);
      expect(await store.list()).not.toHaveLength(0);
    });

    it('keeps its rows over closing and opening if it is persistent', async () => {
      const spec = specOf(3);
      const first = await driver.open();
      await (await first.open(spec)).upsert([
        { id: 'a', vector: xy, metadata: { n: 1 } },
        { id: 'b', vector: x, metadata: { n: 2 } },
      ]);
      await (await first.open(spec)).remove(['b']);
      await (await first.open(spec)).setMetadata([{ id: 'a', metadata: { n: null, m: 3 } }]);
      await first.close();
      await store.close();
      store = await driver.open();
      const rows = await store.open(spec);
      const kept = store.capabilities.persistent ? [{ id: 'a', metadata: { m: 3 }, vector: xy }] : [];
      expect(await rows.get(['a', 'b'], { vectors: true })).toEqual(kept);
    });
  });
}
