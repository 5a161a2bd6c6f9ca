import { LookbookError } from './errors.js';
import type { OnnxModel, TensorFacts } from './onnx.js';

/** What a manifest says of a graph. */
export interface Expected {
  /** The model's name, for messages. */
  name: string;
  /** Input → type. An input of the graph that is not among them would stay unfed. */
  inputs: Record<string, string>;
  /** Output → its last dimension; null where any will do. */
  outputs: Record<string, number | null>;
  /** The input whose first dimension is the batch, and how many rows it takes; undefined: any number. */
  batch?: { input: string; size: number | undefined };
  /** Input → the size of its last two dimensions. */
  square?: { input: string; size: number };
}

/** @throws LookbookError that lists everything in which a graph and its manifest differ. */
export function refuseMisfits(model: OnnxModel, expected: Expected): void {
  const faults = [
    ...inputFaults(model, expected),
    ...outputFaults(model, expected),
    ...batchFaults(model, expected),
    ...squareFaults(model, expected),
  ];
  if (faults.length === 0) return;
  const list = (facts: readonly TensorFacts[]): string =>
    facts.map(({ name, type, dims }) => `${name} ${type}[${dims.map((dim) => dim ?? '?')}]`).join(', ');
  throw new LookbookError('encoder', {
    what: `${model.path} does not fit the manifest of ${expected.name}`,
    got: `${faults.join('; ')}. The graph has the inputs ${list(model.inputs)} and the outputs ${list(model.outputs)}`,
    expected: 'the names, types and sizes that the manifest gives',
    mend: 'Correct them in the manifest, or fetch the file that belongs to it.',
  });
}

function inputFaults(model: OnnxModel, { inputs }: Expected): string[] {
  const graph = new Map(model.inputs.map((facts) => [facts.name, facts]));
  const missing = Object.entries(inputs).flatMap(([name, type]) => {
    const found = graph.get(name);
    if (!found) return [`no input ${name}`];
    const fits = found.type === type || (found.type === 'float16' && type === 'float32');
    return fits ? [] : [`the input ${name} is ${found.type}, not ${type}`];
  });
  const unfed = [...graph.keys()].filter((name) => !Object.hasOwn(inputs, name));
  return [...missing, ...unfed.map((name) => `the input ${name} is in no field of the manifest`)];
}

function outputFaults(model: OnnxModel, { outputs }: Expected): string[] {
  const graph = new Map(model.outputs.map((facts) => [facts.name, facts]));
  return Object.entries(outputs).flatMap(([name, dimension]) => {
    const found = graph.get(name);
    if (!found) return [`no output ${name}`];
    // Only vectors and tokens end in the dimension; of feature maps the channels come first.
    const last = found.dims.length <= 3 ? found.dims.at(-1) : null;
    return dimension === null || last === null || last === undefined || last === dimension
      ? []
      : [`the output ${name} has ${last} numbers, not ${dimension}`];
  });
}

function batchFaults(model: OnnxModel, { batch }: Expected): string[] {
  const fixed = batch && model.inputs.find(({ name }) => name === batch.input)?.dims[0];
  if (!fixed || fixed === batch.size) return [];
  return [
    `the input ${batch.input} takes exactly ${fixed} a run, and the manifest says ${batch.size ? `batch ${batch.size}` : 'no batch'}`,
  ];
}

function squareFaults(model: OnnxModel, { square }: Expected): string[] {
  const dims = square && model.inputs.find(({ name }) => name === square.input)?.dims;
  const sides = (dims ?? []).slice(-2);
  return sides.every((side) => side === null || side === square?.size)
    ? []
    : [`the input ${square?.input} is ${sides.join(' × ')} pixels, not ${square?.size} × ${square?.size}`];
}
