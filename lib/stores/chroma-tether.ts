/**
 * Loaded into the Chroma server's process before its own code (`node --import`): when the watchdog that
 * started it is gone, however it died, the pipe at file descriptor 3 closes and the server ends too. Chroma
 * blocks the main thread for good, so a worker thread listens.
 */
import { Socket } from 'node:net';
import { isMainThread, Worker } from 'node:worker_threads';

const pipe = 3;
const graceMs = 3000;

if (isMainThread) {
  new Worker(new URL(import.meta.url), { execArgv: [] }).unref();
} else {
  const tether = new Socket({ fd: pipe, readable: true, writable: false });
  tether.resume();
  tether.on('error', () => undefined);
  tether.on('close', () => {
    process.kill(process.pid, 'SIGINT');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs);
  });
}
