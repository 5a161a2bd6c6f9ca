import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkNotebook } from '#lib/notebook/check.js';
import { projectRoot } from '#lib/paths.js';
import { createScratch } from './scratch.js';

const folder = join(projectRoot, 'notebooks');
const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));

describe.each(names)('%s', (name) => {
  const read = async () => JSON.parse(await readFile(join(folder, name), 'utf8'));

  it("passes the kernel's own type check", async () => {
    expect(await checkNotebook(join(folder, name))).toEqual([]);
  });

  it('is stored without outputs, for the kernel of this checkout', async () => {
    const notebook = await read();
    expect(notebook.metadata.kernelspec.name).toBe('tslab');
    for (const cell of notebook.cells) {
      if (cell.cell_type === 'code') expect([cell.execution_count, cell.outputs]).toEqual([null, []]);
    }
  });

  it('has one title, a heading before every cell but the imports, and no functions, loops or HTML in its cells', async () => {
    const { cells } = await read();
    expect(cells[0].source[0]).toMatch(/^# /);
    let afterHeading = true;
    for (const { cell_type: type, source } of cells) {
      const text = source.join('');
      if (type === 'code') {
        expect(afterHeading, text).toBe(true);
        expect(text).not.toMatch(/\bfunction\b|\b(?:for|while) ?\(|<\w+|\.forEach\(/);
      }
      afterHeading = type === 'markdown';
    }
  });
});

it('there are the notebooks of the main job, and those that explore and compare', () => {
  expect(names).toEqual(
    expect.arrayContaining(['01-index.ipynb', '02-query.ipynb', '03-explore.ipynb', '04-compare.ipynb']),
  );
});

it('a type error is found without running a cell, and told with its place', async () => {
  const scratch = await createScratch();
  try {
    const path = await scratch.notebook(
      '# T',
      'const a: number = 1;',
      'console.log(a);\nconst b: string = a;',
      'process.exit(1);',
    );
    expect(await checkNotebook(path)).toEqual([
      { cell: 1, line: 2, message: "Type 'number' is not assignable to type 'string'." },
    ]);
  } finally {
    await scratch.remove();
  }
});
