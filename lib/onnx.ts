import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LookbookError } from './errors.js';

/** A tensor in plain memory, row-major. */
export type TensorData =
  | { type: 'float32'; data: Float32Array; dims: number[] }
  | { type: 'int64'; data: BigInt64Array; dims: number[] }
  | { type: 'int32'; data: Int32Array; dims: number[] };

/** An input or output of a graph; a dimension that is free is null. */
export interface TensorFacts {
  name: string;
  type: string;
  dims: (number | null)[];
}

export type Device = 'cpu' | 'cuda' | 'coreml' | 'dml' | 'webgpu';

export type WorkerTask = { id: number; session: number } & (
  | { kind: 'open'; path: string; device: Device; threads: number }
  | { kind: 'run'; feeds: Record<string, TensorData>; wanted: string[] }
  | { kind: 'close' }
);

export interface WorkerAnswer {
  id: number;
  error?: string;
  inputs?: TensorFacts[];
  outputs?: TensorFacts[];
  results?: Record<string, TensorData>;
}

export interface OnnxModel {
  readonly path: string;
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** How many runs can be under way at once; more wait their turn. */
  readonly lanes: number;
  /** Runs the graph; the feeds' memory is handed over and must not be used afterwards. */
  run(feeds: Record<string, TensorData>, wanted: readonly string[]): Promise<Record<string, TensorData>>;
  close(): Promise<void>;
}

/** Up to this size a model is cheap enough to be loaded once per core. */
const SMALL_MODEL_BYTES = 32 * 2 ** 20;

/**
 * Opens a graph. Small ones get a lane of one thread per core, so that batches run side by side; for small
 * layers that is faster than many threads on one batch. Large ones get one lane of all cores: one copy in memory.
 * @throws LookbookError when the file is missing or no graph that onnxruntime can load.
 */
export async function openOnnxModel(path: string, device: Device = 'cpu'): Promise<OnnxModel> {
  const bytes = await sizeOf(path);
  const cores = availableParallelism();
  const lanes = device === 'cpu' && bytes <= SMALL_MODEL_BYTES ? cores : 1;
  const session = nextSession++;
  const workers = laneWorkers(lanes);
  const opened = await Promise.all(
    workers.map((worker) =>
      worker.ask({ kind: 'open', session, path, device, threads: lanes > 1 ? 1 : cores }),
    ),
  ).catch((cause: unknown) => {
    throw new LookbookError('onnx', {
      what: 'a model file cannot be loaded',
      got: `${path} (${bytes} bytes): ${cause instanceof Error ? cause.message : String(cause)}`,
      expected: `an ONNX graph for ${device}`,
      mend: 'Fetch the file again (`npm run models -- verify NAME` compares it with its manifest).',
      cause,
    });
  });
  return {
    path,
    inputs: opened[0]?.inputs ?? [],
    outputs: opened[0]?.outputs ?? [],
    lanes,
    async run(feeds, wanted) {
      const idlest = workers.reduce((best, worker) => (worker.waiting < best.waiting ? worker : best));
      const answer = await idlest
        .ask({ kind: 'run', session, feeds, wanted: [...wanted] })
        .catch((cause: unknown) => {
          throw new LookbookError('encoder', {
            what: 'a model does not answer',
            got: `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
            expected: wanted.join(', '),
            mend: 'Leave out the picture that it refuses, or open the lookbook again.',
            cause,
          });
        });
      return answer.results ?? {};
    },
    async close() {
      // A lane that is dead holds nothing any more.
      await Promise.allSettled(workers.map((worker) => worker.ask({ kind: 'close', session })));
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new LookbookError('onnx', {
      what: 'a model file is missing',
      got: 'nothing',
      expected: path,
      mend: 'Put the file there, or name the folder that holds it in LOOKBOOK_MODELS.',
      cause,
    });
  }
}

let nextSession = 1;
const pool: LaneWorker[] = [];

function laneWorkers(count: number): LaneWorker[] {
  while (pool.length < count) pool.push(startWorker());
  return pool.slice(0, count);
}

/** A task without its number. Distributes over the union, which a plain Omit would not. */
type NewTask = WorkerTask extends infer Task ? (Task extends WorkerTask ? Omit<Task, 'id'> : never) : never;

interface LaneWorker {
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
