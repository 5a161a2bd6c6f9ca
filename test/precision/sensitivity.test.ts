import { describe, expect, it } from 'vitest';
import { productsToKeep, type Search } from '#lib/precision/sensitivity.js';

/** Products whose losses add up to what can be borne or not; what is kept loses nothing. */
function searchOf(losses: Record<string, number>, bearable: number): Search {
  const products = Object.keys(losses);
  const lossWithout = async (keep: readonly string[]): Promise<number> =>
    products.filter((name) => !keep.includes(name)).reduce((sum, name) => sum + losses[name]!, 0);
  return { products, lossWithout, isBorneWithout: async (keep) => (await lossWithout(keep)) <= bearable };
}

const twelve = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`p${n}`, 0.001]));

describe('the products to keep', () => {
  it('are the worst, and as few as will do', async () => {
    const losses = { ...twelve, p3: 0.5, p7: 0.2, p9: 0.1 };
    expect(await productsToKeep(searchOf(losses, 0.02))).toEqual(['p3', 'p7', 'p9']);
    expect(await productsToKeep(searchOf(losses, 0.12))).toEqual(['p3', 'p7']);
    expect(await productsToKeep(searchOf(losses, 0.4))).toEqual(['p3']);
  });

  it('are null where too many are bad', async () => {
    const bad = Object.fromEntries(Object.keys(twelve).map((name) => [name, 0.3]));
    expect(await productsToKeep(searchOf(bad, 0.5))).toBeNull();
    expect(await productsToKeep({ ...searchOf(bad, 0.5), most: 1 })).toHaveLength(11);
  });

  it('cost a trial each and a handful more', async () => {
    let trials = 0;
    const search = searchOf({ ...twelve, p0: 1, p1: 1, p2: 1 }, 0.1);
    const counting =
      <Answer>(ask: (keep: readonly string[]) => Promise<Answer>) =>
      (keep: readonly string[]): Promise<Answer> => {
        trials++;
        return ask(keep);
      };
    const { lossWithout, isBorneWithout } = search;
    await productsToKeep({
      ...search,
      lossWithout: counting(lossWithout),
      isBorneWithout: counting(isBorneWithout),
    });
    expect(trials).toBeLessThanOrEqual(12 + 4);
  });
});
