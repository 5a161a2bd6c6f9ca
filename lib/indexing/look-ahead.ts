/** Work that is under way at once, with a bound: memory depends on the bound, not on the number of items. */

/**
 * Starts `work` on the items one after another, at most `ahead` under way, and gives the results in order.
 * Stops starting when the signal fires; what is under way still comes.
 */
export async function* lookAhead<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Result>,
  options: { ahead: number; signal?: AbortSignal },
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  const iterator = items[Symbol.iterator]();
  const startOne = (): boolean => {
    if (options.signal?.aborted) return false;
    const next = iterator.next();
    if (next.done) return false;
    const promise = work(next.value);
    // The consumer awaits it later; until then a rejection must not count as unhandled.
    promise.catch(() => undefined);
    underWay.push(promise);
    return true;
  };
  while (underWay.length < options.ahead && startOne());
  while (underWay.length) {
    const result = await underWay.shift()!;
    startOne();
    yield result;
  }
}

/** Groups what comes into lists of `size`; the last may be shorter. */
export async function* inBatches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length) yield batch;
}
