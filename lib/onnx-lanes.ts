/** The worker threads that run graphs: one for each lane, shared by all models of a runtime, kept until the process ends. */
import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerTask } from './onnx.js';

/** The gates of the runtimes, which speak with their models in the same tasks and answers. */
export type LaneScript = './onnx-worker.js' | './tensorflow-worker.js';

const pools: Record<LaneScript, LaneWorker[]> = { './onnx-worker.js': [], './tensorflow-worker.js': [] };

/** So many threads; those that run already come first. */
export function laneWorkers(count: number, script: LaneScript = './onnx-worker.js'): LaneWorker[] {
  const pool = pools[script];
  while (pool.length < count) pool.push(startWorker(script));
  return pool.slice(0, count);
}

/** Tasks that wait for a lane, in the order in which they came. */
const queue: { lanes: readonly LaneWorker[]; go(lane: LaneWorker): void }[] = [];

/**
 * Gives a task to the first of the lanes that is free, so that none waits behind a busy lane while another idles.
 */
export function askFirstFree(lanes: readonly LaneWorker[], task: NewTask): Promise<WorkerAnswer> {
  const free = lanes.find(({ waiting }) => waiting === 0) ?? (lanes.some(isAlive) ? undefined : lanes[0]);
  if (free) return free.ask(task);
  return new Promise((resolve, reject) => {
    queue.push({ lanes, go: (lane) => void lane.ask(task).then(resolve, reject) });
  });
}

function isAlive({ waiting }: LaneWorker): boolean {
  return waiting !== Number.POSITIVE_INFINITY;
}

/** The next task for a lane that has become free; of a lane that has died, those that no other lane can take. */
function serve(lane: LaneWorker): void {
  const fits = ({ lanes }: { lanes: readonly LaneWorker[] }): boolean =>
    lanes.includes(lane) && (isAlive(lane) || !lanes.some(isAlive));
  for (let at = queue.findIndex(fits); at >= 0; at = isAlive(lane) ? -1 : queue.findIndex(fits))
    queue.splice(at, 1)[0]?.go(lane);
}

/** A task without its number. Distributes over the union, which a plain Omit would not. */
type NewTask = WorkerTask extends infer Task ? (Task extends WorkerTask ? Omit<Task, 'id'> : never) : never;

export interface LaneWorker {
  /** Tasks without an answer yet; Infinity when the thread has ended. */
  readonly waiting: number;
  ask(task: NewTask): Promise<WorkerAnswer>;
}

/** A worker thread that keeps the process alive only while an answer is awaited. */
function startWorker(script: LaneScript): LaneWorker {
  const worker = new Worker(new URL(script, import.meta.url));
  const awaited = new Map<
    number,
    { resolve: (answer: WorkerAnswer) => void; reject: (error: Error) => void }
  >();
  let nextId = 1;
  let dead: Error | undefined;
  worker.unref();
  worker.on('message', (answer: WorkerAnswer) => {
    if (answer.isLast) return fail(new Error(answer.error));
    const waiter = awaited.get(answer.id);
    awaited.delete(answer.id);
    if (awaited.size === 0) worker.unref();
    if (answer.error === undefined) waiter?.resolve(answer);
    else waiter?.reject(new Error(answer.error));
    if (awaited.size === 0) serve(self);
  });
  const fail = (error: Error): void => {
    dead ??= error;
    pools[script] = pools[script].filter((lane) => lane !== self);
    for (const waiter of awaited.values()) waiter.reject(error);
    awaited.clear();
    serve(self);
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
