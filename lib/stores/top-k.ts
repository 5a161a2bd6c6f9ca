/** The best k of many scored rows without sorting them all: a heap whose root is the worst that is kept. */

/**
 * Indices of the k best, best first. `isWorse(a, b)` orders two indices; it must be a strict total order.
 * Cost: n log k.
 */
export function topK(
  indices: Iterable<number>,
  k: number,
  isWorse: (a: number, b: number) => boolean,
): number[] {
  const heap: number[] = [];
  for (const index of indices) {
    if (heap.length < k) {
      heap.push(index);
      rise(heap, isWorse);
    } else if (isWorse(heap[0]!, index)) {
      heap[0] = index;
      sink(heap, isWorse);
    }
  }
  return heap.sort((a, b) => (isWorse(a, b) ? 1 : -1));
}

function rise(heap: number[], isWorse: (a: number, b: number) => boolean): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isWorse(heap[child]!, heap[parent]!)) return;
    swap(heap, child, parent);
    child = parent;
  }
}

function sink(heap: number[], isWorse: (a: number, b: number) => boolean): void {
  let parent = 0;
  for (;;) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && isWorse(heap[right]!, heap[left]!) ? right : left;
    if (!isWorse(heap[child]!, heap[parent]!)) return;
    swap(heap, child, parent);
    parent = child;
  }
}

function swap(heap: number[], a: number, b: number): void {
  const kept = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = kept;
}
