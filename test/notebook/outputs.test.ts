import { expect, it } from 'vitest';
import type { CodeCell, Notebook } from '#lib/notebook/nbformat.js';
import { createOutputRecorder } from '#lib/notebook/outputs.js';

function empty(): { notebook: Notebook; cell: CodeCell } {
  const cell: CodeCell = {
    cell_type: 'code',
    id: 'a',
    metadata: {},
    source: '',
    execution_count: null,
    outputs: [],
  };
  return { notebook: { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] }, cell };
}

it('a stream is cut at the limit, says so once, and takes nothing more', () => {
  const { notebook, cell } = empty();
  const recorder = createOutputRecorder(notebook, 1000);
  for (let i = 0; i < 50; i++)
    recorder.record({ kind: 'stream', index: 0, name: 'stdout', text: `${'x'.repeat(99)}\n` });
  const [output] = cell.outputs;
  expect(cell.outputs).toHaveLength(1);
  expect(output).toMatchObject({
    text: expect.stringMatching(/\n\[the rest is left out: more than 0\.0 MB of text\]\n$/),
  });
  expect(output?.output_type === 'stream' && output.text.length).toBeLessThan(1100);
});

it('a display over the limit gives way to a sentence', () => {
  const { notebook, cell } = empty();
  createOutputRecorder(notebook, 2 ** 20).record({
    kind: 'display',
    index: 0,
    data: { 'text/html': 'x'.repeat(3 * 2 ** 20) },
    update: false,
  });
  expect(cell.outputs).toEqual([
    {
      output_type: 'display_data',
      data: { 'text/plain': '[left out: text/html of 3.0 MB, more than the 1.0 MB of one output]' },
      metadata: {},
    },
  ]);
});

it('an update of a display that was never shown is nothing', () => {
  const { notebook, cell } = empty();
  createOutputRecorder(notebook).record({
    kind: 'display',
    index: 0,
    id: 'x',
    data: { 'text/html': 'a' },
    update: true,
  });
  expect(cell.outputs).toEqual([]);
});
