/** Runs the parts of `bench` and `evaluate`: each file of a folder is a part, its name is what is asked for. */
import { readdir } from 'node:fs/promises';
import { LookbookError } from '../errors.js';

/** Figure → value; shares are 0..1, times say ms or s in their name. */
export type Figures = Record<string, number>;

export interface MeasureOptions {
  /** Sizes so small that the figures mean nothing, to try the code itself. */
  quick: boolean;
}

/** What each part exports as `measure`; `say` prints a line for a person. */
export type Measure = (say: (line: string) => void, options: MeasureOptions) => Promise<Figures>;

/**
 * Runs the named parts, or all; with --json the last line is one object of all figures. With --quick parts that can be
 * smaller are, and the object says so by "bench.quick": 1.
 */
export async function runFigures(folder: URL, args: readonly string[]): Promise<Figures> {
  const json = args.includes('--json');
  const quick = args.includes('--quick');
  const asked = args.filter((arg) => !arg.startsWith('--'));
  const known = (await readdir(folder))
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -3))
    .sort();
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length) {
    throw new LookbookError('figures', {
      what: 'there is no part of that name',
      got: unknown.join(', '),
      expected: known.join(', '),
      mend: 'Name one of them, or none for all.',
    });
  }
  const figures: Figures = quick ? { 'bench.quick': 1 } : {};
  for (const name of asked.length ? asked : known) {
    console.log(`\n${name}`);
    const part: { measure: Measure } = await import(new URL(`${name}.js`, folder).href);
    const measured = await part.measure((line) => console.log(`  ${line}`), { quick });
    for (const [figure, value] of Object.entries(measured))
      console.log(`  ${figure.padEnd(34)} ${round(value)}`);
    Object.assign(figures, measured);
  }
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([figure, value]) => [figure, round(value)]),
  );
  if (json) console.log(JSON.stringify(rounded));
  return figures;
}

/** Four digits after the point, and of what is smaller than that two digits that say something. */
function round(value: number): number {
  return Math.abs(value) < 0.001 ? Number(value.toPrecision(2)) : Math.round(value * 10_000) / 10_000;
}
