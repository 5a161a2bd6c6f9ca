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

/** The event loop waits no longer than this for its turn. */
const TURN_MS = 25;

/** What long work of the processor tells, and what ends it. */
export interface Turns {
  signal?: AbortSignal | undefined;
  /** Called with the share done, 0..1, after each turn of the others. */
  onProgress?: ((share: number) => void) | undefined;
}

/**
 * A function to call between small pieces of long work: when others have waited long enough it lets them run.
 * @returns it rejects with the signal's reason when the work was called off.
 */
export function turnTaker({ signal, onProgress }: Turns): (share: number) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async (share) => {
    if (performance.now() - last < TURN_MS) return;
    await nextTurn();
    signal?.throwIfAborted();
    onProgress?.(share);
    last = performance.now();
  };
}

/** Runs work that pauses after each small piece, telling the share done, and gives what it returns. */
export async function inTurns<Result>(
  work: Generator<number, Result>,
  turn: (share: number) => Promise<void>,
): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await turn(step.value);
  }
}
