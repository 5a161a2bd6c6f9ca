import { expect, it } from 'vitest';
import { openStore } from '#lib/stores/open-store.js';
import { randomRows, seeded } from '../contracts/store.js';
import { removeFolder, tempFolder } from './server-kit.js';

it('finds at least 95 of 100 of the true ten nearest among random vectors, the hardest there are', async () => {
  const folder = tempFolder();
  const random = seeded(5);
  const spec = { name: 'twin', dimension: 64, fingerprint: 'f'.repeat(32) };
  const records = randomRows(3000, 64, random);
  const exact = await openStore('memory:');
  const approximate = await openStore(folder, { graceMs: 100 });
  try {
    const [truth, tried] = [await exact.open(spec), await approximate.open(spec)];
    await truth.upsert(records);
    await tried.upsert(records);
    let found = 0;
    let furthest = 0;
    const questions = randomRows(100, 64, random);
    for (const { vector } of questions) {
      const [wanted, got] = [await truth.query(vector, 10), await tried.query(vector, 10)];
      const scores = new Map(wanted.map(({ id, score }) => [id, score]));
      for (const { id, score } of got) {
        const true_ = scores.get(id);
        if (true_ === undefined) continue;
        found++;
        furthest = Math.max(furthest, Math.abs(score - true_));
      }
    }
    expect(found / (10 * questions.length)).toBeGreaterThanOrEqual(0.95);
    expect(furthest).toBeLessThan(1e-5);
    // A filter must not cost recall.
    const where = { field: 'word', is: 'w3' };
    const both = [
      await truth.query(questions[0]!.vector, 10, { where }),
      await tried.query(questions[0]!.vector, 10, { where }),
    ];
    expect(both[1]?.map(({ id }) => id)).toEqual(both[0]?.map(({ id }) => id));
  } finally {
    await exact.close();
    await approximate.close();
    await removeFolder(folder);
  }
});
