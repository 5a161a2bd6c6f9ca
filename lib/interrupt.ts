let current: AbortController | undefined;

/**
 * A signal that fires when the kernel is interrupted (SIGINT). Jupyter's interrupt ends the cell but not the work
 * that the cell has started: hand the signal to what should stop. Each call gives a fresh one.
 */
export function interruptSignal(): AbortSignal {
  // Not at once: a listener that is added while Node runs a cell's synchronous part (vm, breakOnSigint) takes the
  // signal's handler away when that part ends, and the next interrupt would kill the kernel.
  if (!current) setImmediate(() => process.on('SIGINT', () => current?.abort()));
  current = new AbortController();
  return current.signal;
}
