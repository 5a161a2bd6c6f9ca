import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExecuteOptions, type Execution, executeNotebook } from '#lib/notebook/execute.js';
import type { KernelMessage } from '#lib/notebook/messages.js';
import { type CodeCell, writeNotebook } from '#lib/notebook/nbformat.js';
import { createScratch, type Scratch } from './scratch.js';

let scratch: Scratch;
beforeAll(async () => {
  scratch = await createScratch();
});
afterAll(() => scratch.remove());

async function run(cells: string[], options: ExecuteOptions = {}): Promise<Execution> {
  return executeNotebook(await scratch.notebook(...cells), options);
}

function codeCells({ notebook }: Execution): CodeCell[] {
  return notebook.cells.filter((cell) => cell.cell_type === 'code');
}

describe('a notebook that runs well', () => {
  let execution: Execution;

  beforeAll(async () => {
    execution = await run(
      [
        '# A title',
        "import { display, newDisplay } from 'tslab';\nconst live = newDisplay();\nconsole.log('out 1');\nconsole.log('out 2');\nconsole.error('err');\nconsole.log('out 3');",
        "live.html('<i>first</i>');\nconst sum: number = await Promise.resolve(40 + 2);\nfor (let i = 0; i <= 100; i++) live.html(`<b>${i} %</b>`);\nconsole.log(process.env.LOOKBOOK_TEST_WORD, process.cwd());",
        "live.html('<b>done</b>');\ndisplay.png(new Uint8Array([137, 80, 78, 71]));\nsum",
        'for (let i = 0; i < 3000; i++) console.log(`line ${i} \\u2028 ä`);',
        '   ',
        "setTimeout(() => console.log('late'), 30);\nvoid Promise.reject(new Error('nobody listens'));",
      ],
      { env: { LOOKBOOK_TEST_WORD: 'passed-on' } },
    );
  });

  it('counts its executions and keeps the ids of its cells', () => {
    expect(execution.status).toBe('ok');
    expect(execution.failure).toBeUndefined();
    expect(codeCells(execution).map((cell) => cell.execution_count)).toEqual([1, 2, 3, 4, null, 5]);
    expect(execution.notebook.cells.map((cell) => cell.id)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((n) => `cell-${n}`),
    );
  });

  it('joins consecutive lines of one stream and keeps the order between streams', () => {
    expect(codeCells(execution)[0]!.outputs).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'out 1\nout 2\n' },
      { output_type: 'stream', name: 'stderr', text: 'err\n' },
      { output_type: 'stream', name: 'stdout', text: 'out 3\n' },
    ]);
  });

  it('keeps the last state of a display that updates, in the cell that showed it first', () => {
    const [, second, third] = codeCells(execution);
    expect(second!.outputs[0]).toEqual({
      output_type: 'display_data',
      data: { 'text/html': '<b>done</b>' },
      metadata: {},
    });
    expect(third!.outputs).toEqual([
      { output_type: 'display_data', data: { 'image/png': 'iVBORw==' }, metadata: {} },
      { output_type: 'stream', name: 'stdout', text: '42\n' },
    ]);
  });

  it("passes environment variables on and works in the notebook's folder", () => {
    expect(codeCells(execution)[1]!.outputs[1]).toMatchObject({ text: `passed-on ${scratch.folder}\n` });
  });

  it('loses no line of a burst', () => {
    const [output] = codeCells(execution)[3]!.outputs;
    const lines = output?.output_type === 'stream' ? output.text.trimEnd().split('\n') : [];
    expect(lines).toHaveLength(3000);
    expect(lines[2999]).toBe('line 2999 \u2028 ä');
  });

  it('keeps what is printed after the last cell, and rejections that nobody handles', () => {
    const texts = codeCells(execution)[5]!.outputs.map((output) =>
      output.output_type === 'stream' ? output.text : '',
    );
    expect(texts[0]).toMatch(/^UnhandledPromiseRejection: Error: nobody listens/);
    expect(texts[1]).toBe('late\n');
  });

  it('is written as nbformat 4.5 wants it', async () => {
    const path = join(scratch.folder, 'executed.ipynb');
    await writeNotebook(path, execution.notebook);
    const written = JSON.parse(await readFile(path, 'utf8'));
    expect([written.nbformat, written.nbformat_minor]).toEqual([4, 5]);
    const common = ['cell_type', 'id', 'metadata', 'source'];
    const wanted: Record<string, string[]> = {
      stream: ['name', 'output_type', 'text'],
      display_data: ['data', 'metadata', 'output_type'],
    };
    for (const cell of written.cells) {
      const keys = cell.cell_type === 'code' ? [...common, 'execution_count', 'outputs'].sort() : common;
      expect(Object.keys(cell).sort()).toEqual(keys);
      for (const output of cell.outputs ?? [])
        expect(Object.keys(output).sort()).toEqual(wanted[output.output_type]);
    }
  });
});

describe('a notebook that fails', () => {
  it('stops at the cell that throws and says why', async () => {
    const execution = await run([
      "console.log('before')",
      "console.error('mine');\nthrow new TypeError('boom');",
      "console.log('after')",
    ]);
    const [first, second, third] = codeCells(execution);
    expect(execution.status).toBe('failed');
    expect(execution.failure).toMatchObject({ index: 1, error: { ename: 'TypeError', evalue: 'boom' } });
    expect(first!.outputs).toHaveLength(1);
    expect(second!.outputs).toMatchObject([
      { output_type: 'stream', name: 'stderr', text: 'mine\n' },
      {
        output_type: 'error',
        ename: 'TypeError',
        evalue: 'boom',
        traceback: expect.arrayContaining(['TypeError: boom', expect.stringMatching(/cell:\d+:\d+/)]),
      },
    ]);
    expect([third!.execution_count, third!.outputs]).toEqual([null, []]);
  });

  it('goes on after errors when told to, and tells the first', async () => {
    const execution = await run(
      [
        'throw new Error("one", { cause: new Error("deep") })',
        'const n: number = "text";',
        'console.log("three")',
      ],
      { allowErrors: true },
    );
    const [first, second, third] = codeCells(execution);
    expect(execution.status).toBe('ok');
    expect(execution.failure).toMatchObject({ index: 0, error: { evalue: 'one' } });
    expect(first!.outputs[0]).toMatchObject({
      traceback: expect.arrayContaining(['Error: one', 'caused by Error: deep']),
    });
    expect(second!.outputs[0]).toMatchObject({
      ename: 'TypeScript',
      evalue: expect.stringContaining("Type 'string' is not assignable to type 'number'"),
    });
    expect(third!.outputs).toMatchObject([{ text: 'three\n' }]);
  });

  it('keeps what was finished when a cell ends the process', async () => {
    const execution = await run([
      'console.log("kept")',
      'console.log("x".repeat(3_000_000)); process.exit(3)',
      'console.log("never")',
    ]);
    const [first, second, third] = codeCells(execution);
    expect(execution.status).toBe('died');
    expect(first!.outputs).toMatchObject([{ text: 'kept\n' }]);
    expect(second!.outputs[0]).toMatchObject({ output_type: 'stream', text: `${'x'.repeat(3_000_000)}\n` });
    expect(second!.outputs[1]).toMatchObject({
      ename: 'KernelDied',
      evalue: expect.stringContaining('with exit code 3'),
    });
    expect(third!.outputs).toEqual([]);
  });

  it('keeps what was finished when the process is killed', async () => {
    const execution = await run([
      'console.log("kept")',
      'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});',
    ]);
    expect(execution.status).toBe('died');
    expect(execution.failure).toMatchObject({
      index: 1,
      error: { evalue: expect.stringContaining('by SIGKILL') },
    });
    expect(codeCells(execution)[0]!.outputs).toMatchObject([{ text: 'kept\n' }]);
  });

  it('says why the process died when it never reached a cell', async () => {
    const execution = await run(['# T', 'console.log("never")'], {
      env: { NODE_OPTIONS: '--require=/nowhere.cjs' },
    });
    expect(execution.status).toBe('died');
    expect(execution.failure).toMatchObject({
      index: 1,
      error: {
        ename: 'KernelDied',
        evalue: expect.stringMatching(/exit code 1: .*Cannot find module '\/nowhere\.cjs'/),
      },
    });
    expect(codeCells(execution)[0]!.outputs).toMatchObject([{ output_type: 'error', ename: 'KernelDied' }]);
  });

  it('is refused when it is no notebook', async () => {
    const path = join(scratch.folder, 'no.ipynb');
    await writeFile(path, '{"nbformat": 3}');
    await expect(executeNotebook(path)).rejects.toThrow(
      /\[notebook\] this is no notebook: got .*no\.ipynb: no nbformat 4/,
    );
    await expect(executeNotebook(join(scratch.folder, 'none.ipynb'))).rejects.toThrow(/cannot be read/);
  });
});

describe('a cell that takes too long', () => {
  it.each([
    ['waits for ever', 'await new Promise(() => {})'],
    ['computes for ever', 'for (;;) {}'],
    ['computes for ever behind an await', 'await null; for (;;) {}'],
  ])('is ended when it %s', async (_, endless) => {
    const execution = await run(['console.log("kept")', endless, 'console.log("never")'], {
      cellTimeoutMs: 1000,
      patienceMs: 300,
    });
    const [first, second, third] = codeCells(execution);
    expect(execution.status).toBe('timeout');
    expect(first!.outputs).toMatchObject([{ text: 'kept\n' }]);
    expect(second!.outputs).toMatchObject([{ ename: 'Timeout', evalue: 'this cell took longer than 1 s' }]);
    expect(third!.outputs).toEqual([]);
  });

  it('does not count the time of the cells before it', async () => {
    const wait = 'await new Promise((resolve) => setTimeout(resolve, 700));';
    expect((await run([wait, wait, wait], { cellTimeoutMs: 1500 })).status).toBe('ok');
  });
});

describe('stopping from outside', () => {
  const listens =
    "const ended = await new Promise((resolve) => { const tick = setInterval(() => {}, 50); process.once('SIGINT', () => { clearInterval(tick); setTimeout(() => resolve('at a batch edge'), 200); }); console.log('ready'); });\nconsole.log(ended);";

  it('lets a cell that listens end well, and runs no further one', async () => {
    const controller = new AbortController();
    const onMessage = (message: KernelMessage): void => {
      // Later than the cell's synchronous part, in which Node handles the signal itself.
      if (message.kind === 'stream' && message.text === 'ready\n')
        void sleep(300).then(() => controller.abort());
    };
    const execution = await run([listens, 'console.log("never")'], { signal: controller.signal, onMessage });
    const [first, second] = codeCells(execution);
    expect(execution.status).toBe('stopped');
    expect(execution.failure).toBeUndefined();
    expect(first!.outputs).toMatchObject([{ text: 'ready\nat a batch edge\n' }]);
    expect(second!.execution_count).toBeNull();
  });

  it('ends a cell that does not listen', async () => {
    const controller = new AbortController();
    const onMessage = (message: KernelMessage): void => {
      if (message.kind === 'start') void sleep(200).then(() => controller.abort());
    };
    const execution = await run(['await new Promise(() => {})'], {
      signal: controller.signal,
      onMessage,
      patienceMs: 300,
    });
    expect(execution.status).toBe('stopped');
    expect(codeCells(execution)[0]!.outputs).toMatchObject([{ ename: 'Stopped' }]);
  });

  it('runs nothing when it was stopped before it began', async () => {
    const execution = await run(['console.log("never")'], { signal: AbortSignal.abort() });
    expect(execution.status).toBe('stopped');
    expect(codeCells(execution)[0]!.outputs).toEqual([]);
  });
});
