/**
 * The gate of onnxruntime-node, run in a worker thread: its `run` blocks the thread that calls it, and the
 * thread that talks to files, the store and the notebook must stay free.
 */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { fromFloat16, toFloat16 } from './arithmetic/float16.js';
import type { Place, TensorData, TensorFacts, WorkerAnswer, WorkerTask } from './onnx.js';
import { furtherOutputs } from './onnx-file.js';

if (!parentPort) throw new Error('onnx-worker runs as a worker thread only');
const port = parentPort;
/** Of one read: systems take no more than 2 GB. */
const MOST_READ_BYTES = 2 ** 30;

const sessions = new Map<number, { session: ort.InferenceSession; halves: Set<string> }>();

port.on('message', async (task: WorkerTask) => {
  try {
    const answer = await perform(task);
    port.postMessage({ id: task.id, ...answer }, buffersOf(answer));
  } catch (error) {
    port.postMessage({ id: task.id, error: error instanceof Error ? error.message : String(error) });
  }
});

async function perform(task: WorkerTask): Promise<Omit<WorkerAnswer, 'id'>> {
  if (task.kind === 'devices') return { devices: ort.listSupportedBackends().map(({ name }) => name) };
  if (task.kind === 'open') {
    const session = await createSession(task);
    const inputs = factsOf(session.inputMetadata);
    const halves = new Set(inputs.filter(({ type }) => type === 'float16').map(({ name }) => name));
    sessions.set(task.session, { session, halves });
    return { inputs, outputs: factsOf(session.outputMetadata) };
  }
  const found = sessions.get(task.session);
  if (task.kind === 'close') {
    sessions.delete(task.session);
    await found?.session.release();
    return {};
  }
  if (!found) throw new Error(`session ${task.session} is not open`);
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, tensor] of Object.entries(task.feeds)) {
    feeds[name] =
      tensor.type === 'float32' && found.halves.has(name)
        ? new ort.Tensor('float16', toFloat16(tensor.data), tensor.dims)
        : new ort.Tensor(tensor.type, tensor.data, tensor.dims);
  }
  const results = await found.session.run(feeds, task.wanted);
  return { results: Object.fromEntries(task.wanted.map((name) => [name, tensorOf(name, results[name])])) };
}

async function createSession({
  path,
  added,
  place,
  threads,
  spin,
}: Extract<WorkerTask, { kind: 'open' }>): Promise<ort.InferenceSession> {
  const spinning = { intra_op: { allow_spinning: spin ? '1' : '0' } };
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [providerOf(place)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    extra: { session: spinning },
  };
  if (!added.length) return ort.InferenceSession.create(path, options);
  return ort.InferenceSession.create(await withOutputs(path, added), {
    ...options,
    // What cannot be made faster because of the new outputs is no news; nor is where a graph in memory has its weights.
    logSeverityLevel: 3,
    extra: { session: { ...spinning, model_external_initializers_file_folder_path: dirname(path) } },
  });
}

/** A graph's file in memory, and behind it what names further outputs: one copy, gone when the session is made. */
async function withOutputs(path: string, names: readonly string[]): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = furtherOutputs(names);
    const whole = new Uint8Array(size + tail.length);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(whole, at, Math.min(size - at, MOST_READ_BYTES), at);
      if (!bytesRead) throw new Error(`it ends after ${at} of ${size} bytes`);
      at += bytesRead;
    }
    whole.set(tail, size);
    return whole;
  } finally {
    await file.close();
  }
}

/** With a device id where the runtime takes one; its binding for Node knows no limit of memory. */
function providerOf({
  device,
  deviceId,
}: Place): ort.InferenceSession.ExecutionProviderOption | ort.InferenceSession.CudaExecutionProviderOption {
  return (device === 'cuda' || device === 'dml') && deviceId !== undefined
    ? { name: device, deviceId }
    : { name: device };
}

/** The runtime copies each output into memory of its own, which is handed over as it is; halves become singles. */
function tensorOf(name: string, tensor: ort.OnnxValue | undefined): TensorData {
  if (!tensor || !('data' in tensor)) throw new Error(`the model gave no output named ${name}`);
  const { data, type } = tensor;
  const dims = [...tensor.dims];
  if (type === 'float32' && data instanceof Float32Array) return { type, data, dims };
  if (type === 'int64' && data instanceof BigInt64Array) return { type, data, dims };
  if (type === 'int32' && data instanceof Int32Array) return { type, data, dims };
  // Newer Nodes have a Float16Array of their own, older ones get the bits.
  if (type === 'float16' && ArrayBuffer.isView(data)) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
    return { type: 'float32', data: fromFloat16(bits), dims };
  }
  throw new Error(`the output ${name} is of type ${type}; known are float32, float16, int64 and int32`);
}

function factsOf(metadata: readonly ort.InferenceSession.ValueMetadata[]): TensorFacts[] {
  return metadata.map((value) =>
    value.isTensor
      ? {
          name: value.name,
          type: value.type,
          dims: value.shape.map((d) => (typeof d === 'number' ? d : null)),
        }
      : { name: value.name, type: 'not a tensor', dims: [] },
  );
}

function buffersOf(answer: Omit<WorkerAnswer, 'id'>): ArrayBuffer[] {
  return Object.values(answer.results ?? {}).flatMap(({ data }) =>
    data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
}
