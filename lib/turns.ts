import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Maps one item after the other and lets others have the thread in between, so that the store's answers and the models'
 * results wait for one piece of work and not for a batch of them.
 */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    results.push(work(item, index));
    await nextTurn();
  }
  return results;
}
