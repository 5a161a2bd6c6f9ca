import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type KernelMessage, type KernelRequest, toLine } from './messages.js';
import { type CodeCell, type ErrorOutput, type Notebook, readNotebook, sourceOf } from './nbformat.js';
import { createOutputRecorder } from './outputs.js';

export interface ExecuteOptions {
  /** Stops as Jupyter's interrupt does (SIGINT), then, where that does not help, by force. */
  signal?: AbortSignal;
  /** What one cell may take; no limit unless told. */
  cellTimeoutMs?: number;
  /** How long an interrupted cell may take to end by itself (default 4 s). */
  patienceMs?: number;
  /** Go on after a cell that failed. */
  allowErrors?: boolean;
  /** Environment variables besides those of this process. */
  env?: Record<string, string>;
  /** What happens, as it happens. */
  onMessage?: (message: KernelMessage) => void;
}

/** `failed`: a cell threw. `stopped`: by the signal. `timeout`: a cell took too long. `died`: the process ended by itself. */
export type ExecutionStatus = 'ok' | 'failed' | 'stopped' | 'timeout' | 'died';

export interface Execution {
  status: ExecutionStatus;
  /** With outputs of all that was run, whatever the status. */
  notebook: Notebook;
  /** The first error, and its cell (counted from 0, all kinds of cells). */
  failure?: { index: number; error: ErrorOutput };
  seconds: number;
}

const defaultPatienceMs = 4000;
/** After patience: how long the process may take until it is killed. */
const killAfterMs = 2000;
const childPath = fileURLToPath(new URL('./kernel-child.js', import.meta.url));

/**
 * Runs a notebook's cells in one Node process of its own, without Python, and gives the notebook with its
 * outputs. A failing cell, a time-out or a dying process is a status, never a throw; what was finished is kept.
 * @throws LookbookError when the file is no notebook.
 */
export async function executeNotebook(path: string, options: ExecuteOptions = {}): Promise<Execution> {
  const started = performance.now();
  const notebook = await readNotebook(path);
  const recorder = createOutputRecorder(notebook);
  const patienceMs = options.patienceMs ?? defaultPatienceMs;
  const run: Run = { status: 'ok', cell: undefined, finished: false };
  const fail = (index: number, error: ErrorOutput): void => {
    run.failure ??= { index, error };
  };

  const child = startKernel(options.env);
  const stop = (status: 'stopped' | 'timeout'): void => {
    if (run.status !== 'ok' || run.finished) return;
    run.status = status;
    child.process.kill('SIGINT');
    run.killTimer = setTimeout(() => child.process.kill('SIGKILL'), patienceMs + killAfterMs);
  };
  const onAbort = (): void => stop('stopped');
  options.signal?.addEventListener('abort', onAbort);

  function onMessage(told: KernelMessage): void {
    const message = run.status === 'ok' ? told : asBrokenOff(told);
    recorder.record(message);
    if (message.kind === 'start') {
      run.cell = message.index;
      const limit = options.cellTimeoutMs;
      if (limit !== undefined) run.cellTimer = setTimeout(() => stop('timeout'), limit);
    } else if (message.kind === 'end') {
      clearTimeout(run.cellTimer);
      run.cell = undefined;
      if (message.error) {
        fail(message.index, message.error);
        if (run.status === 'ok' && !options.allowErrors) run.status = 'failed';
      }
      // An interrupted cell has ended: the process need not wait for what that cell left running.
      if (isBreakOff(run.status)) child.process.stdin?.end();
    } else if (message.kind === 'finished') {
      run.finished = true;
    }
    options.onMessage?.(message);
  }

  /** The error of an interrupted cell says who interrupted it; a cell that ended well keeps its own ending. */
  function asBrokenOff(message: KernelMessage): KernelMessage {
    if (message.kind !== 'end' || !message.error || !isBreakOff(run.status)) return message;
    return { ...message, error: brokenOff(run.status, '', options.cellTimeoutMs) };
  }

  const request = requestOf(notebook, dirname(resolve(path)), options.allowErrors ?? false, patienceMs);
  if (options.signal?.aborted) onAbort();
  else child.process.stdin?.write(toLine(request));
  const ending = await child.run(onMessage);
  options.signal?.removeEventListener('abort', onAbort);
  clearTimeout(run.cellTimer);
  clearTimeout(run.killTimer);

  if (run.status === 'ok' && !run.finished) run.status = 'died';
  // What broke off a cell from outside stands below that cell, so that a reader of the page finds it; a process
  // that died between cells, or before the first, has its reason below the cell that it did not reach.
  const where = run.cell ?? (run.status === 'died' ? nextCell(request, notebook) : undefined);
  if (where !== undefined) {
    const error = brokenOff(run.status, ending, options.cellTimeoutMs);
    recorder.addError(where, error);
    fail(where, error);
  }
  return {
    status: run.status,
    notebook,
    ...(run.failure ? { failure: run.failure } : {}),
    seconds: (performance.now() - started) / 1000,
  };
}

interface Run {
  status: ExecutionStatus;
  /** The cell that runs now. */
  cell: number | undefined;
  finished: boolean;
  failure?: { index: number; error: ErrorOutput };
  cellTimer?: NodeJS.Timeout;
  killTimer?: NodeJS.Timeout;
}

interface KernelProcess {
  process: ChildProcess;
  /** Passes on all messages; resolves when the process has ended and all is passed on, with how it ended. */
  run(onMessage: (message: KernelMessage) => void): Promise<string>;
}

function startKernel(env: Record<string, string> = {}): KernelProcess {
  const child = spawn(process.execPath, [childPath], {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    // Its own process group: a terminal's Ctrl-C reaches the parent alone, which decides how the cells end.
    detached: true,
  });
  // A process that has ended already no longer reads its request; its end is told by 'close'.
  child.stdin?.on('error', () => undefined);
  return {
    process: child,
    async run(onMessage) {
      let lastWords = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        lastWords = (lastWords + chunk.toString()).slice(-2000);
      });
      const lines = createInterface({ input: child.stdio[3] as Readable });
      lines.on('line', (line) => onMessage(JSON.parse(line)));
      // Not the child's 'close': a server that it started may hold its stderr open for longer.
      const [[code, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
      const how = signal ? `by ${signal}` : `with exit code ${code}`;
      return lastWords.trim() ? `${how}\n${lastWords.trim()}` : how;
    },
  };
}

function requestOf(
  notebook: Notebook,
  folder: string,
  allowErrors: boolean,
  patienceMs: number,
): KernelRequest {
  const cells = notebook.cells
    .map((cell, index) => ({ cell, index }))
    .filter((entry): entry is { cell: CodeCell; index: number } => entry.cell.cell_type === 'code')
    .map(({ cell, index }) => ({ index, code: sourceOf(cell) }))
    .filter(({ code }) => code.trim() !== '');
  return { folder, cells, allowErrors, patienceMs };
}

/** How the process ended, and the line of its last words that says why. */
function diedOf(ending: string): string {
  const [how, ...words] = ending.split('\n');
  const why = words.find((line) => /\bError\b|^FATAL/.test(line)) ?? words.at(-1);
  return why ? `${how}: ${why.trim()}` : `${how}`;
}

/** The first cell without a number: what would have run next. */
function nextCell({ cells }: KernelRequest, notebook: Notebook): number | undefined {
  const waits = ({ index }: { index: number }): boolean => {
    const cell = notebook.cells[index];
    return cell?.cell_type === 'code' && cell.execution_count === null;
  };
  return (cells.find(waits) ?? cells.at(-1))?.index;
}

function isBreakOff(status: ExecutionStatus): boolean {
  return status === 'stopped' || status === 'timeout';
}

function brokenOff(status: ExecutionStatus, ending: string, cellTimeoutMs: number | undefined): ErrorOutput {
  const [ename, evalue] =
    status === 'stopped'
      ? ['Stopped', 'stopped from outside while this cell ran']
      : status === 'timeout'
        ? ['Timeout', `this cell took longer than ${(cellTimeoutMs ?? 0) / 1000} s`]
        : ['KernelDied', `the notebook's process ended ${diedOf(ending)}`];
  return {
    output_type: 'error',
    ename,
    evalue,
    traceback: [`${ename}: ${evalue}`, ...ending.split('\n').slice(1)],
  };
}
