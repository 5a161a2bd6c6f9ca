import { inspect } from 'node:util';
import { type Converter, createConverter } from 'tslab/dist/converter.js';
import { createExecutor } from 'tslab/dist/executor.js';
import { JupyterHandlerImpl } from 'tslab/dist/jupyter.js';
import type { ErrorOutput, MimeBundle } from './nbformat.js';

// The gate of tslab. It uses the parts that tslab's own kernel is made of, which are no public interface:
// tslab is pinned to an exact version, and test/notebook/ keeps the behaviour.

/** What a cell says while it runs. */
export interface CellListener {
  onStream(name: 'stdout' | 'stderr', text: string): void;
  /** `update`: replaces what was shown under this id before, in whichever cell that was. */
  onDisplay(data: MimeBundle, id: string | undefined, update: boolean): void;
}

export interface CellReply {
  executionCount: number;
  error?: ErrorOutput;
}

/** A kernel in this very process; there can be one, because it takes over stdout and stderr. */
export interface Kernel {
  execute(code: string, listener: CellListener): Promise<CellReply>;
  /** Makes a cell that awaits something return with an error; its own code runs on. */
  interrupt(): void;
}

/** Opens a kernel whose cells import from `folder`, which becomes the working directory as in Jupyter. */
export function openKernel(folder: string): Kernel {
  process.chdir(folder);
  const node = createConverter({ isJS: false, isBrowser: false });
  const converters = { node, browser: node, close: () => node.close() };
  let thrown: unknown[][] = [];
  const executor = createExecutor(process.cwd(), converters, {
    log: (...values) => console.log(...values),
    // The executor says through this alone what ended a cell: kept apart from the cell's own console.error.
    error: (...values) => void thrown.push(values),
  });
  const handler = new JupyterHandlerImpl(executor, false);

  async function execute(code: string, listener: CellListener): Promise<CellReply> {
    thrown = [];
    const request = { code, silent: false, store_history: true, user_expressions: {} };
    const reply = await handler.handleExecute(
      request,
      (name, text) => listener.onStream(name === 'stderr' ? 'stderr' : 'stdout', text),
      ({ data, transient }, update) => listener.onDisplay(data, transient.display_id, Boolean(update)),
    );
    if (reply.status === 'ok') return { executionCount: reply.execution_count };
    // The handler refuses whatever comes within 200 ms after an error.
    await new Promise((resolve) => setTimeout(resolve, 250));
    return { executionCount: reply.execution_count, error: errorOutput(thrown) };
  }

  return { execute, interrupt: () => executor.interrupt() };
}

export interface TypeProblem {
  /** Which of the cells, from 0. */
  cell: number;
  /** 1 is the cell's first line. */
  line: number;
  message: string;
}

/** What the kernel's compiler has against these cells, run one after another in `folder`; nothing is run. */
export function typeProblems(folder: string, cells: readonly string[]): TypeProblem[] {
  const converter = converterIn(folder);
  const problems: TypeProblem[] = [];
  let declarations = '';
  try {
    for (const [cell, code] of cells.entries()) {
      const converted = converter.convert(declarations, code);
      for (const { start, messageText } of converted.diagnostics) {
        problems.push({ cell, line: start.line + 1, message: messageText });
      }
      if (converted.diagnostics.length === 0) declarations = converted.declOutput ?? '';
    }
  } finally {
    converter.close();
  }
  return problems;
}

/** tslab takes the working directory at creation for the folder to import from: lent for that one call. */
function converterIn(folder: string): Converter {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return createConverter({ isJS: false, isBrowser: false });
  } finally {
    process.chdir(before);
  }
}

/** One thrown value, or the compiler's diagnostics (format string and values), as Jupyter's error output. */
function errorOutput(thrown: readonly unknown[][]): ErrorOutput {
  const first = thrown[0];
  if (first?.length === 1) return describe(first[0]);
  const lines = thrown.map(([, file, line, column, message]) => `${file}${line}:${column} - ${message}`);
  return {
    output_type: 'error',
    ename: 'TypeScript',
    evalue: lines.join('\n') || 'the cell ended without a reason',
    traceback: lines,
  };
}

/** A thrown value as Jupyter's error output. */
function describe(value: unknown): ErrorOutput {
  if (!(value instanceof Error)) {
    return {
      output_type: 'error',
      ename: 'Thrown',
      evalue: inspect(value),
      traceback: inspect(value).split('\n'),
    };
  }
  const traceback: string[] = [];
  for (
    let error: unknown = value;
    error !== undefined;
    error = error instanceof Error ? error.cause : undefined
  ) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
    traceback.push(traceback.length === 0 ? said : `caused by ${said}`, ...framesOf(error));
  }
  return { output_type: 'error', ename: value.name, evalue: value.message, traceback };
}

/** The stack without the frames of Node and of the kernel, in which no cell is at fault. */
function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .filter((line) => !/\(?node:|[\\/]tslab[\\/]dist[\\/]|[\\/]dist[\\/]notebook[\\/]/.test(line))
    .map((line) => line.replaceAll('evalmachine.<anonymous>', 'cell'));
}
