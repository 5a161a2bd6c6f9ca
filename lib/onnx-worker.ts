/**
 * The gate of onnxruntime-node, run in a worker thread: its `run` blocks the thread that calls it, and the
 * thread that talks to files, the store and the notebook must stay free.
 */
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import type { TensorData, TensorFacts, WorkerAnswer, WorkerTask } from './onnx.js';

if (!parentPort) throw new Error('onnx-worker runs as a worker thread only');
const port = parentPort;
const sessions = new Map<number, ort.InferenceSession>();

port.on('message', async (task: WorkerTask) => {
  try {
    const answer = await perform(task);
    port.postMessage({ id: task.id, ...answer }, buffersOf(answer));
  } catch (error) {
    port.postMessage({ id: task.id, error: error instanceof Error ? error.message : String(error) });
  }
});

async function perform(task: WorkerTask): Promise<Omit<WorkerAnswer, 'id'>> {
  if (task.kind === 'open') {
    const session = await ort.InferenceSession.create(task.path, {
      executionProviders: [task.device],
      intraOpNumThreads: task.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Threads that wait for work by spinning take the cores away from decoding.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    sessions.set(task.session, session);
    return { inputs: factsOf(session.inputMetadata), outputs: factsOf(session.outputMetadata) };
  }
  const session = sessions.get(task.session);
  if (task.kind === 'close') {
    sessions.delete(task.session);
    await session?.release();
    return {};
  }
  if (!session) throw new Error(`session ${task.session} is not open`);
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(task.feeds))
    feeds[name] = new ort.Tensor(type, data, dims);
  const results = await session.run(feeds, task.wanted);
  return { results: Object.fromEntries(task.wanted.map((name) => [name, tensorOf(name, results[name])])) };
}

/** The runtime copies each output into memory of its own, which is handed over as it is. */
function tensorOf(name: string, tensor: ort.OnnxValue | undefined): TensorData {
  if (!tensor || !('data' in tensor)) throw new Error(`the model gave no output named ${name}`);
  const { data, dims, type } = tensor;
  if (type === 'float32' && data instanceof Float32Array) return { type, data, dims: [...dims] };
  if (type === 'int64' && data instanceof BigInt64Array) return { type, data, dims: [...dims] };
  if (type === 'int32' && data instanceof Int32Array) return { type, data, dims: [...dims] };
  throw new Error(`the output ${name} is of type ${type}; known are float32, int64 and int32`);
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
