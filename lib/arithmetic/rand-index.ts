/**
 * How alike two groupings of the same things are: the adjusted Rand index (Hubert and Arabie 1985). 1: the same groups,
 * 0: no more alike than by chance, below that less; 1 where both put all into one group.
 * @param a any value a thing, the group that it is of; `b` likewise, in the same order.
 */
export function adjustedRandIndex<A, B>(a: ArrayLike<A>, b: ArrayLike<B>): number {
  const count = a.length;
  const numberOf = <Value>(values: ArrayLike<Value>): ((at: number) => number) => {
    const numbers = new Map<Value, number>();
    for (let at = 0; at < values.length; at++)
      if (!numbers.has(values[at]!)) numbers.set(values[at]!, numbers.size);
    return (at) => numbers.get(values[at]!)!;
  };
  const [groupA, groupB] = [numberOf(a), numberOf(b)];
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  const cells = new Map<string, number>();
  const add = <Key>(counts: Map<Key, number>, key: Key): unknown =>
    counts.set(key, (counts.get(key) ?? 0) + 1);
  for (let at = 0; at < count; at++) {
    add(rows, groupA(at));
    add(columns, groupB(at));
    add(cells, `${groupA(at)} ${groupB(at)}`);
  }
  const pairs = (size: number): number => (size * (size - 1)) / 2;
  const pairsOf = (counts: ReadonlyMap<unknown, number>): number =>
    [...counts.values()].reduce((sum, size) => sum + pairs(size), 0);
  const [together, inA, inB] = [pairsOf(cells), pairsOf(rows), pairsOf(columns)];
  const expected = count > 1 ? (inA * inB) / pairs(count) : 0;
  const most = (inA + inB) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}
