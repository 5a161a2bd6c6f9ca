/** The worker threads that run graphs: one for each lane, shared by all models, kept until the process ends. */
import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerTask } from './onnx.js';

const pool: LaneWorker[] = [];

/** So many threads; those that run already come first. */
export function laneWorkers(count: number): LaneWorker[] {
  while (pool.length < count) pool.push(startWorker());
  return pool.slice(0, count);
}

/** A task without its number. Distributes over the union, which a plain Omit would not. */
type NewTask = WorkerTask extends infer Task ? (Task extends WorkerTask ? Omit<Task, 'id'> : never) : never;

export interface LaneWorker {
  /** Tasks without an answer yet; Infinity when the thread has ended. */
  readonly waiting: number;
  ask(task: NewTask): Promise<WorkerAnswer>;
}

/** A worker thread that keeps the process alive only while an answer is awaited. */
function startWorker(): LaneWorker {
  const worker = new Worker(new URL('./onnx-worker.js', import.meta.url));
  const awaited = new Map<
    number,
    { resolve: (answer: WorkerAnswer) => void; reject: (error: Error) => void }
  >();
  let nextId = 1;
  let dead: Error | undefined;
  worker.unref();
  worker.on('message', (answer: WorkerAnswer) => {
    const waiter = awaited.get(answer.id);
    awaited.delete(answer.id);
    if (awaited.size === 0) worker.unref();
    if (answer.error === undefined) waiter?.resolve(answer);
    else waiter?.reject(new Error(answer.error));
  });
  const fail = (error: Error): void => {
    dead ??= error;
    pool.splice(0, pool.length, ...pool.filter((lane) => lane !== self));
    for (const waiter of awaited.values()) waiter.reject(error);
    awaited.clear();
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`the inference thread ended with code ${code}`)));
  const self: LaneWorker = {
    get waiting() {
      return dead ? Number.POSITIVE_INFINITY : awaited.size;
    },
    ask(task) {
      if (dead) return Promise.reject(dead);
      const id = nextId++;
      worker.ref();
      return new Promise((resolve, reject) => {
        awaited.set(id, { resolve, reject });
        const feeds = task.kind === 'run' ? Object.values(task.feeds) : [];
        const memory = feeds.flatMap(({ data }) => (data.buffer instanceof ArrayBuffer ? [data.buffer] : []));
        worker.postMessage({ ...task, id }, memory);
      });
    },
  };
  return self;
}
