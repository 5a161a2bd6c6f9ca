import { dirname, resolve } from 'node:path';
import { type CodeCell, readNotebook, sourceOf } from './nbformat.js';
import { type TypeProblem, typeProblems } from './tslab.js';

export type { TypeProblem };

/** What the kernel's own compiler has against a notebook's code cells; nothing is run. `cell` counts code cells. */
export async function checkNotebook(path: string): Promise<TypeProblem[]> {
  const { cells } = await readNotebook(path);
  const code = cells.filter((cell): cell is CodeCell => cell.cell_type === 'code').map(sourceOf);
  return typeProblems(dirname(resolve(path)), code);
}
