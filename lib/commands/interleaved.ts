/** Things that are compared take turns, so that what else the machine does meets all of them alike. */
import { setTimeout } from 'node:timers/promises';

/** onnxruntime's threads wait by spinning: until they sleep, they take the cores from whoever comes next. */
const PAUSE_MS = 100;

/** The values of each contestant, round by round; one round before is not counted. */
export async function interleaved<Name extends string>(
  contestants: Record<Name, () => Promise<number>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      await setTimeout(PAUSE_MS);
      const value = await contestants[name]();
      if (round >= 0) values[name].push(value);
    }
  }
  return values;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Seconds that the work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
