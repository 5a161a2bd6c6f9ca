import { open as openFile, readdir, stat } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { LookbookError } from './errors.js';
import { askFirstFree, laneWorkers } from './onnx-lanes.js';

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

/** Where a graph runs. */
export interface Place {
  device: Device;
  /** Which of several GPUs; of cuda and dml. */
  deviceId?: number;
}

/** Where and how a graph runs; what is left out is chosen for this machine. */
export interface DeviceOptions {
  device?: Device | undefined;
  deviceId?: number | undefined;
  /** Cores that one run uses. */
  threads?: number | undefined;
  /** Runs side by side; each holds the weights once more. */
  lanes?: number | undefined;
  /** Whether many runs come at once (pictures) rather than one at a time (questions). */
  manyRuns?: boolean | undefined;
  /**
   * Whether threads wait for their next bit of work by spinning: a single short run ends sooner (a question of 8 tokens
   * to ViT-B/32: 9 ms instead of 15), but decoding beside many runs would have no cores left.
   */
  spin?: boolean | undefined;
}

export interface OpenGraphOptions extends DeviceOptions {
  /**
   * Tensors inside the graph that become outputs of it. The file then passes through memory in one piece, once for each
   * lane, and steps that made it faster end where such a tensor is.
   */
  added?: readonly string[] | undefined;
}

export type WorkerTask = { id: number } & (
  | { kind: 'devices' }
  | {
      kind: 'open';
      session: number;
      path: string;
      added: readonly string[];
      place: Place;
      threads: number;
      spin: boolean;
    }
  | { kind: 'run'; session: number; feeds: Record<string, TensorData>; wanted: string[] }
  | { kind: 'close'; session: number }
);

export interface WorkerAnswer {
  id: number;
  error?: string;
  /** The thread ends with this answer, and all that it held. */
  isLast?: true;
  devices?: string[];
  /** Why a device that this runtime could use is not among them. */
  missing?: string;
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
/** Up to this size it may be loaded twice, where memory is plenty. */
const MEDIUM_MODEL_BYTES = 512 * 2 ** 20;
/** Free memory for each byte of weights before they are loaded a second time. */
const PLENTY = 6;

interface SharedModel {
  model: Promise<OnnxModel>;
  users: number;
}

const open = new Map<string, SharedModel>();
let nextSession = 1;

/**
 * Opens a graph; whoever opens the same file in the same way gets the same sessions, which end with the last user.
 * On CPUs small graphs get a lane of one thread per core, so that batches run side by side: that is faster than many
 * threads on one batch. Medium ones get two lanes where many runs come at once (ViT-B/32 on 2 cores: 11.7 images/s
 * instead of 9.4, for 350 MB more). All others get one lane of all cores: one copy in memory.
 * @throws LookbookError when the file is missing, no graph that onnxruntime can load, or the device is not there.
 */
export async function openOnnxModel(path: string, options: OpenGraphOptions = {}): Promise<OnnxModel> {
  const { device = 'cpu', deviceId, threads, lanes, manyRuns, spin, added = [] } = options;
  const key = JSON.stringify([path, device, deviceId, threads, lanes, manyRuns, spin, added]);
  const shared = open.get(key) ?? { model: loadModel(path, options), users: 0 };
  open.set(key, shared);
  shared.users++;
  const leave = async (): Promise<void> => {
    shared.users--;
    if (shared.users > 0) return;
    if (open.get(key) === shared) open.delete(key);
    const model = await shared.model.catch(() => undefined);
    await model?.close();
  };
  try {
    const model = await shared.model;
    let left: Promise<void> | undefined;
    return {
      ...model,
      async run(feeds, wanted) {
        if (left) throw closedModel(path);
        return model.run(feeds, wanted);
      },
      close() {
        left ??= leave();
        return left;
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** No fault of a picture: whoever meets it stops. */
function closedModel(path: string): LookbookError {
  return new LookbookError('onnx', {
    what: 'the model is closed',
    got: path,
    expected: 'one that is open',
    mend: 'Open the lookbook again.',
  });
}

async function loadModel(path: string, options: OpenGraphOptions): Promise<OnnxModel> {
  const { device = 'cpu', deviceId, added = [] } = options;
  const bytes = await sizeOf(path);
  await refuseMissingDevice(device);
  const cores = availableParallelism();
  const lanes = options.lanes ?? (device === 'cpu' ? lanesFor(bytes, options.manyRuns ?? false) : 1);
  const threads = options.threads ?? Math.max(1, Math.floor(cores / lanes));
  const place: Place = { device, ...(deviceId === undefined ? {} : { deviceId }) };
  const session = nextSession++;
  const workers = laneWorkers(lanes);
  const opened = await Promise.all(
    workers.map((worker) =>
      worker.ask({ kind: 'open', session, path, added, place, threads, spin: options.spin ?? false }),
    ),
  ).catch(async (cause: unknown) => {
    // Lanes that did open hold the weights.
    await Promise.allSettled(workers.map((worker) => worker.ask({ kind: 'close', session })));
    throw await notLoaded(cause, { path, bytes, device });
  });
  return {
    path,
    inputs: opened[0]?.inputs ?? [],
    outputs: opened[0]?.outputs ?? [],
    lanes,
    async run(feeds, wanted) {
      const task = { kind: 'run' as const, session, feeds, wanted: [...wanted] };
      const answer = await askFirstFree(workers, task).catch((cause: unknown) => {
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

function lanesFor(bytes: number, manyRuns: boolean): number {
  const cores = availableParallelism();
  if (bytes <= SMALL_MODEL_BYTES) return cores;
  const isPlenty = bytes <= MEDIUM_MODEL_BYTES && freemem() > PLENTY * bytes;
  return manyRuns && isPlenty ? Math.min(2, cores) : 1;
}

/** How each device comes to a machine that lacks it. */
const MENDING: Record<Device, string> = {
  cpu: 'Install again: npm ci.',
  cuda: 'On Linux with an NVIDIA driver and CUDA 12: ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js, then try again.',
  coreml: 'CoreML is on Macs with Apple silicon only: set DEVICE to cpu.',
  dml: 'DirectML is on Windows only: set DEVICE to cpu.',
  webgpu: 'WebGPU needs a GPU with a Vulkan, Metal or Direct3D 12 driver: install it, or set DEVICE to cpu.',
};

async function refuseMissingDevice(device: Device): Promise<void> {
  const [worker] = laneWorkers(1);
  const { devices = [] } = await worker!.ask({ kind: 'devices' });
  if (devices.includes(device)) return;
  throw new LookbookError('onnx', {
    what: `the device ${device} is not to be had on this machine`,
    got: `${process.platform} ${process.arch}`,
    expected: `one of ${devices.join(', ')}`,
    mend: MENDING[device],
  });
}

async function notLoaded(
  cause: unknown,
  at: { path: string; bytes: number; device: Device },
): Promise<LookbookError> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The runtime's own words for a provider library or a driver that is missing.
  const isDevice = at.device !== 'cpu' && /provider|adapter|device|driver|libonnxruntime_|cuda/i.test(reason);
  if (isDevice) {
    return new LookbookError('onnx', {
      what: `the device ${at.device} cannot be used`,
      // Without the place in the runtime's own source, and on one line.
      got: reason
        .trim()
        .split('\n')[0]!
        .replace(/^\/.* was false\. /, ''),
      expected: `a working ${at.device}`,
      mend: MENDING[at.device],
      cause,
    });
  }
  const other = await otherThanGraph(at.path);
  return new LookbookError('onnx', {
    what: 'a model file cannot be loaded',
    got: `${at.path} (${at.bytes} bytes)${other ? `, which is ${other}` : ''}: ${reason}`,
    expected: 'an ONNX graph, and beside it every file of weights that it names',
    mend: 'Fetch it again (`npm run models -- verify NAME` compares it with its manifest).',
    cause,
  });
}

/** What a file is that servers and git give in a model's place. */
async function otherThanGraph(path: string): Promise<string | undefined> {
  const file = await openFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    const head = buffer.toString('latin1', 0, bytesRead).trimStart().toLowerCase();
    if (/^<(!doctype|html|\?xml)/.test(head)) return 'a web page';
    if (head.startsWith('version https://git-lfs')) return 'a pointer of git LFS, not the file itself';
    return bytesRead === 0 ? 'empty' : undefined;
  } finally {
    await file.close();
  }
}

/** Bytes of a graph and of the weights that lie beside it, as exports above 2 GB have them. */
async function sizeOf(path: string): Promise<number> {
  try {
    const folder = dirname(path);
    const own = (await stat(path)).size;
    const beside = (await readdir(folder)).filter((file) => !/\.(onnx|json|txt|md|part|lock)$/i.test(file));
    // What cannot be read, or goes while we look, is no weight of this graph.
    const facts = await Promise.all(beside.map((file) => stat(join(folder, file)).catch(() => null)));
    return facts.reduce((sum, found) => sum + (found?.isFile() ? found.size : 0), own);
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
