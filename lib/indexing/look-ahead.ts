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

/** Sends what comes through `work`, at most `most` under way. After a failure nothing more is begun; it is thrown. */
export async function conveyor<Item>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
  most: number,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let broken: { error: unknown } | undefined;
  for await (const item of items) {
    const task = work(item)
      .catch((error: unknown) => {
        broken ??= { error };
      })
      .finally(() => underWay.delete(task));
    underWay.add(task);
    if (underWay.size >= most) await Promise.race(underWay);
    if (broken) break;
  }
  await Promise.all(underWay);
  if (broken) throw broken.error;
}

/** Leaves out what turned out to need no work. */
export async function* withoutNull<Item>(items: AsyncIterable<Item | null>): AsyncGenerator<Item> {
  for await (const item of items) if (item !== null) yield item;
}
