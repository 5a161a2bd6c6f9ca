let current: AbortController | undefined;

/**
 * A signal that fires when the kernel is interrupted (SIGINT). Jupyter's interrupt ends the cell but not the work
 * that the cell has started: hand the signal to what should stop. Each call gives a fresh one.
 */
export function interruptSignal(): AbortSignal {
  if (!current) process.on('SIGINT', () => current?.abort());
  current = new AbortController();
  return current.signal;
}
