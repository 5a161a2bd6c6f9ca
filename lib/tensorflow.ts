import { LookbookError, reasonOf } from './errors.js';
import type { OnnxModel, OpenGraphOptions, WorkerAnswer } from './onnx.js';
import { askFirstFree, type LaneWorker, laneWorkers } from './onnx-lanes.js';
import { readTensorflowFolder } from './tensorflow-folder.js';

/** The first that is there runs: the package for GPUs, WebAssembly, plain JavaScript. */
export interface TensorflowBackends {
  names: string[];
  /** Why there is no GPU. */
  missing?: string;
}

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
const GPU_VERSION = '4.22.0';

let nextSession = 1;

/**
 * Opens a folder of TensorFlow.js, a GraphModel or LayersModel, by its model.json. Its outputs are those of its signature
 * and the nodes of `added`; maps are [B, C, h, w], and a picture is [B, 3, H, W]. One lane: one run after the other, on
 * the GPU where its package is installed and the device is `cuda` or not said, else in WebAssembly.
 * @throws LookbookError when the folder is not whole, the model is none that TensorFlow.js can load, or the device is not
 * there.
 */
export async function openTensorflowModel(path: string, options: OpenGraphOptions = {}): Promise<OnnxModel> {
  const { added = [], deviceId } = options;
  await readTensorflowFolder(path);
  const worker = startWorker();
  const device = deviceFor(options.device, await askBackends(worker));
  const session = nextSession++;
  const place = { device, ...(deviceId === undefined ? {} : { deviceId }) };
  const { inputs = [], outputs = [] } = await worker
    .ask({ kind: 'open', session, path, added, place, threads: 1, spin: false })
    .catch((cause: unknown) => {
      throw new LookbookError('tensorflow', {
        what: 'a model of TensorFlow.js cannot be loaded',
        got: `${path}: ${reasonOf(cause)}`,
        expected: 'a GraphModel or LayersModel of ops that TensorFlow.js has itself',
        mend: 'Convert it again with tensorflowjs_converter, or take the ONNX form of the model.',
        cause,
      });
    });
  let isClosed = false;
  return {
    path,
    inputs,
    outputs,
    lanes: 1,
    async run(feeds, wanted) {
      if (isClosed) throw closedModel(path);
      const task = { kind: 'run' as const, session, feeds, wanted: [...wanted] };
      const answer = await askFirstFree([worker], task).catch((cause: unknown) => {
        throw new LookbookError('tensorflow', {
          what: 'a model does not answer',
          got: `${path}: ${reasonOf(cause)}`,
          expected: wanted.join(', '),
          mend: 'Take a model, or a layer of it, whose ops TensorFlow.js has and that needs no loops, or its ONNX form.',
          cause,
        });
      });
      return answer.results ?? {};
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      // A thread that is dead holds nothing any more.
      await worker.ask({ kind: 'close', session }).catch(() => undefined);
    },
  };
}

/** What runs models of TensorFlow.js on this machine. */
export async function tensorflowBackends(): Promise<TensorflowBackends> {
  const { devices = [], missing } = await askBackends(startWorker());
  return { names: devices, ...(missing === undefined ? {} : { missing }) };
}

/** Whether the package for GPUs is installed and starts; where there is none, nothing is loaded to find out. */
export async function hasTensorflowGpu(): Promise<boolean> {
  try {
    import.meta.resolve(GPU_PACKAGE);
  } catch {
    return false; // an optional peer: most have none
  }
  const { devices = [] } = await askBackends(startWorker());
  return devices.includes('tensorflow');
}

function startWorker(): LaneWorker {
  return laneWorkers(1, './tensorflow-worker.js')[0]!;
}

function askBackends(worker: LaneWorker): Promise<WorkerAnswer> {
  return worker.ask({ kind: 'devices' }).catch((cause: unknown) => {
    throw new LookbookError('tensorflow', {
      what: 'TensorFlow.js does not start',
      got: reasonOf(cause),
      mend: 'Install again: npm ci.',
      cause,
    });
  });
}

function deviceFor(
  wish: OpenGraphOptions['device'],
  { devices = [], missing = 'nothing' }: WorkerAnswer,
): 'cuda' | 'cpu' {
  const hasGpu = devices.includes('tensorflow');
  if (wish === undefined) return hasGpu ? 'cuda' : 'cpu';
  if (wish === 'cpu' || (wish === 'cuda' && hasGpu)) return wish;
  throw new LookbookError('tensorflow', {
    what: `TensorFlow.js cannot use the device ${wish}`,
    got: wish === 'cuda' ? missing : wish,
    expected: hasGpu ? 'cpu or cuda' : 'cpu',
    mend:
      wish === 'cuda'
        ? `With an NVIDIA driver and Node below 23: npm install --no-save ${GPU_PACKAGE}@${GPU_VERSION}, then try again.`
        : 'Set DEVICE to cpu.',
  });
}

/** No fault of a picture: whoever meets it stops. */
function closedModel(path: string): LookbookError {
  return new LookbookError('tensorflow', {
    what: 'the model is closed',
    got: path,
    expected: 'one that is open',
    mend: 'Open the lookbook again.',
  });
}
