/** The process that runs one notebook's cells (started by execute.ts). */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KernelMessage, type KernelRequest, toLine } from './messages.js';
import { openKernel } from './tslab.js';

/** Time for what a last cell left to print. A book that is held open would never let the process end. */
const lateOutputMs = 100;

// Written synchronously to a blocking pipe: nothing is lost when a cell calls process.exit, and a cell that
// prints without end waits for its reader.
function send(message: KernelMessage): void {
  const line = Buffer.from(toLine(message));
  let at = 0;
  while (at < line.length) at += writeSync(3, line, at);
}

let interrupted = false;

async function main(request: KernelRequest): Promise<void> {
  const kernel = openKernel(request.folder);
  // As the real kernel does: such an error is a line of the running cell and ends nothing.
  process.on('uncaughtException', (error) => console.error('UncaughtException:', error));
  process.on('unhandledRejection', (reason) => console.error('UnhandledPromiseRejection:', reason));
  // A cell that listens to SIGINT itself (an indexing run, at its batch edge) is given time to end well.
  process.on('SIGINT', () => {
    interrupted = true;
    setTimeout(() => kernel.interrupt(), request.patienceMs).unref();
  });

  for (const { index, code } of request.cells) {
    send({ kind: 'start', index });
    setImmediate(listenAgain);
    const { executionCount, error } = await kernel.execute(code, {
      onStream: (name, text) => send({ kind: 'stream', index, name, text }),
      onDisplay: (data, id, update) =>
        send({ kind: 'display', index, data, update, ...(id === undefined ? {} : { id }) }),
    });
    send({ kind: 'end', index, executionCount, ...(error ? { error } : {}) });
    if (interrupted || (error && !request.allowErrors)) break;
  }
  await sleep(lateOutputMs);
  send({ kind: 'finished' });
  process.exit(0);
}

/**
 * A cell that adds a listener to SIGINT in its synchronous part would leave the signal to kill the process: Node
 * takes its own handler away when that part ends (vm, breakOnSigint) and believes itself still listening.
 */
function listenAgain(): void {
  const listeners = process.rawListeners('SIGINT');
  process.removeAllListeners('SIGINT');
  for (const listener of listeners) process.on('SIGINT', listener as NodeJS.SignalsListener);
}

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => void main(JSON.parse(line)));
// The parent holds the other end: when it closes it, or dies, this process has nobody to run for.
lines.once('close', () => process.exit(1));
