/**
 * The gate of TensorFlow.js, run in a worker thread as onnxruntime's is. One thread is all: the backends are not safe for
 * more. A model is seen with its channels first, [B, 3, H, W] and [B, C, h, w], however it keeps them.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { model as layersModel, loadLayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { reasonOf } from './errors.js';
import type { TensorData, TensorFacts, WorkerAnswer, WorkerTask } from './onnx.js';
import { readTensorflowFolder, type TensorflowFolder } from './tensorflow-folder.js';
import { strangeOps } from './tensorflow-ops.js';

if (!parentPort) throw new Error('tensorflow-worker runs as a worker thread only');
const port = parentPort;

type Backend = 'tensorflow' | 'wasm' | 'cpu';

/** A model by the names of its nodes, in its own order of axes. */
interface Runnable {
  inputs: TensorFacts[];
  /** Outputs and further nodes. */
  outputs: TensorFacts[];
  run(feeds: Record<string, tf.Tensor>, wanted: readonly string[]): tf.Tensor[];
  dispose(): void;
}

interface Session {
  model: Runnable;
  backend: Backend;
  /** Whether its maps are [B, h, w, C]. */
  isChannelsLast: boolean;
}

const sessions = new Map<number, Session>();
/** What the package for GPUs says when it is not to be had. */
let missing: string | undefined;
const backends = findBackends();
let last: Promise<void> = Promise.resolve();

port.on('message', (task: WorkerTask) => {
  // One after the other: the backend is one for all.
  last = last.then(() => answer(task));
});

async function answer(task: WorkerTask): Promise<void> {
  try {
    const done = await perform(task);
    const memory = Object.values(done.results ?? {}).flatMap(({ data }) =>
      data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
    );
    port.postMessage({ id: task.id, ...done }, memory);
  } catch (error) {
    if (!(error instanceof Error)) port.postMessage({ id: task.id, error: String(error) });
    else if (!isTrap(error)) port.postMessage({ id: task.id, error: error.message });
    else {
      // What the memory holds now is anybody's guess, so the next model gets another thread.
      const reason = `${error.message}: a run needs more than the 4 GB of memory that WebAssembly has`;
      port.postMessage({ id: task.id, error: reason, isLast: true });
      port.close();
    }
  }
}

/** Where WebAssembly itself stopped a run. */
function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError';
}

async function perform(task: WorkerTask): Promise<Omit<WorkerAnswer, 'id'>> {
  const known = await backends;
  if (task.kind === 'devices') return { devices: known, ...(missing === undefined ? {} : { missing }) };
  if (task.kind === 'open') {
    const backend = task.place.device === 'cuda' ? 'tensorflow' : known.includes('wasm') ? 'wasm' : 'cpu';
    await tf.setBackend(backend);
    const folder = await readTensorflowFolder(task.path);
    const model = await (folder.form === 'graph model' ? openGraphModel : openLayersModel)(
      folder,
      task.added,
    );
    // As TensorFlow has them, unless the input says otherwise.
    const isChannelsLast = !model.inputs.some(
      ({ dims }) => dims.length === 4 && dims[1] === 3 && dims[3] !== 3,
    );
    sessions.set(task.session, { model, backend, isChannelsLast });
    const seen = (facts: TensorFacts): TensorFacts => (isChannelsLast ? channelsFirst(facts) : facts);
    return { inputs: model.inputs.map(seen), outputs: model.outputs.map(seen) };
  }
  const session = sessions.get(task.session);
  if (task.kind === 'close') {
    sessions.delete(task.session);
    session?.model.dispose();
    return {};
  }
  if (!session) throw new Error(`session ${task.session} is not open`);
  await tf.setBackend(session.backend);
  try {
    return { results: runSession(session, task.feeds, task.wanted) };
  } catch (error) {
    if (session.backend === 'cpu' || !/not registered for (the )?backend/i.test(reasonOf(error))) throw error;
    // A few kernels are there in JavaScript only.
    session.backend = 'cpu';
    await tf.setBackend('cpu');
    return { results: runSession(session, task.feeds, task.wanted) };
  }
}

function runSession(
  { model, isChannelsLast }: Session,
  given: Record<string, TensorData>,
  wanted: string[],
): Record<string, TensorData> {
  tf.engine().startScope();
  try {
    const feeds = Object.entries(given).map(([name, { data, dims, type }]) => {
      if (type === 'int64')
        throw new Error(`the input ${name} is of type int64; known are float32 and int32`);
      const tensor = tf.tensor(data, dims, type);
      return [name, isChannelsLast && dims.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor];
    });
    const results = model.run(Object.fromEntries(feeds), wanted);
    return Object.fromEntries(
      wanted.map((name, index) => [name, dataOf(name, results[index], isChannelsLast)]),
    );
  } finally {
    // Everything that was made since is given back.
    tf.engine().endScope();
  }
}

function dataOf(name: string, result: tf.Tensor | undefined, isChannelsLast: boolean): TensorData {
  if (!result) throw new Error(`the model gave no output named ${name}`);
  const tensor = isChannelsLast && result.rank === 4 ? tf.transpose(result, [0, 3, 1, 2]) : result;
  const data = tensor.dataSync();
  const dims = [...tensor.shape];
  // A copy: backends may give a view of memory that stays theirs.
  if (tensor.dtype === 'float32' && data instanceof Float32Array)
    return { type: 'float32', data: data.slice(), dims };
  if (tensor.dtype === 'int32' && data instanceof Int32Array)
    return { type: 'int32', data: data.slice(), dims };
  throw new Error(`the output ${name} is of type ${tensor.dtype}; known are float32 and int32`);
}

function channelsFirst({ name, type, dims }: TensorFacts): TensorFacts {
  const [batch = null, height = null, width = null, channels = null] = dims;
  return { name, type, dims: dims.length === 4 ? [batch, channels, height, width] : dims };
}

async function openGraphModel(folder: TensorflowFolder, added: readonly string[]): Promise<Runnable> {
  const artifacts = {
    // The runtime reads versions that some converters leave out.
    modelTopology: { versions: {}, ...folder.json.modelTopology },
    ...(folder.json.signature ? { signature: folder.json.signature } : {}),
    ...(folder.json.userDefinedMetadata ? { userDefinedMetadata: folder.json.userDefinedMetadata } : {}),
  };
  const model = await loadGraphModel(await memoryOf(folder, artifacts));
  // What has a default, such as whether it is being trained, need not be fed.
  const defaults = new Set(
    folder.nodes.flatMap(({ op, name }) => (op === 'PlaceholderWithDefault' ? name : [])),
  );
  const inputs = model.inputs
    .filter(({ name }) => !defaults.has(name))
    .map(({ name, dtype, shape }) => factsOf(name, dtype, shape));
  const run: Runnable['run'] = (feeds, wanted) => {
    const strange = strangeOps(folder.nodes, wanted, knownOps());
    if (strange.length) throw new Error(`TensorFlow.js does not know ${strange.join(', ')}`);
    const results = model.execute(feeds, [...wanted]);
    return Array.isArray(results) ? results : [results];
  };
  const names = [...new Set([...folder.outputs, ...added])];
  return { inputs, outputs: tried({ inputs, run }, names), run, dispose: () => model.dispose() };
}

/** What nodes hold, which a graph model does not say: found by showing it zeros, where it says how many. */
function tried(model: Pick<Runnable, 'inputs' | 'run'>, names: readonly string[]): TensorFacts[] {
  const { inputs, run } = model;
  const unknown = names.map((name) => factsOf(name, undefined, undefined));
  const free = inputs.some(
    ({ type, dims }) => type !== 'float32' || !dims.length || dims.slice(1).includes(null),
  );
  if (free) return unknown;
  tf.engine().startScope();
  try {
    const feeds = inputs.map(({ name, dims }) => [name, tf.zeros(dims.map((dim) => dim ?? 1))]);
    const isFreeBatch = inputs.every(({ dims }) => dims[0] === null);
    return run(Object.fromEntries(feeds), names).map(({ dtype, shape: [first = 1, ...rest] }, index) =>
      factsOf(names[index]!, dtype, [isFreeBatch ? null : first, ...rest]),
    );
  } catch (error) {
    if (isTrap(error)) throw error;
    // One of them cannot be had: the first picture tells the reason, where anybody asks for it.
    return names.length > 1 ? names.flatMap((name) => tried(model, [name])) : unknown;
  } finally {
    tf.engine().endScope();
  }
}

async function openLayersModel(folder: TensorflowFolder, added: readonly string[]): Promise<Runnable> {
  const whole = await loadLayersModel(await memoryOf(folder, { modelTopology: folder.json.modelTopology }));
  const outputOf = (name: string): SymbolicTensor => {
    const { output } = whole.getLayer(name);
    if (Array.isArray(output)) throw new Error(`the layer ${name} has several outputs`);
    return output;
  };
  const parts = new Map<string, ReturnType<typeof layersModel>>();
  // By the names of layers: tensors get other names when a model is loaded a second time.
  const inputs = whole.inputs.map(({ sourceLayer: { name }, dtype, shape }) => factsOf(name, dtype, shape));
  return {
    inputs,
    outputs: [...new Set([...folder.outputs, ...added])].map((name) => {
      try {
        const { dtype, shape } = outputOf(name);
        return factsOf(name, dtype, shape);
      } catch {
        return factsOf(name, undefined, undefined); // the first picture tells the reason
      }
    }),
    run(feeds, wanted) {
      const key = JSON.stringify(wanted);
      const part = parts.get(key) ?? layersModel({ inputs: whole.inputs, outputs: wanted.map(outputOf) });
      parts.set(key, part);
      const given = inputs.map(({ name }) => feeds[name]!);
      const results = part.predict(given, { batchSize: given[0]!.shape[0]! });
      return Array.isArray(results) ? results : [results];
    },
    dispose: () => whole.dispose(),
  };
}

async function memoryOf({ shards, weights }: TensorflowFolder, artifacts: object): Promise<tf.io.IOHandler> {
  const weightData: ArrayBuffer[] = [];
  for (const shard of shards) {
    const bytes = await readFile(shard);
    weightData.push(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }
  return tf.io.fromMemory({ ...artifacts, weightSpecs: weights, weightData });
}

function factsOf(name: string, type: string | undefined, shape: (number | null)[] | undefined): TensorFacts {
  return { name, type: type ?? 'float32', dims: (shape ?? []).map((dim) => (dim === -1 ? null : dim)) };
}

let ops: ReadonlySet<string> | undefined;

/** The ops that the converter lists of itself. */
function knownOps(): ReadonlySet<string> {
  ops ??= new Set(
    Object.keys(createRequire(import.meta.url)('@tensorflow/tfjs-converter/metadata/kernel2op.json')),
  );
  return ops;
}

/** What can be had here, the fastest first. */
async function findBackends(): Promise<Backend[]> {
  // Without its checks of every value, and its advice to install another package.
  tf.enableProdMode();
  const found: Backend[] = [];
  if (await hasGpuPackage()) found.push('tensorflow');
  if (await tf.setBackend('wasm').catch(() => false)) found.push('wasm');
  return [...found, 'cpu'];
}

/** The package for GPUs is a peer: whoever has one installs it. It registers itself with the same core. */
async function hasGpuPackage(): Promise<boolean> {
  const name: string = '@tensorflow/tfjs-node-gpu';
  try {
    await import(name);
    return true;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    missing = isAbsent ? `${name} is not installed` : `${name} does not start: ${reasonOf(error)}`;
    return false;
  }
}
