// The picture tower as a GraphModel of TensorFlow.js: model.json and its shards, for whoever runs that and no ONNX.
// `node tfjs.mjs ../image.onnx FOLDER [SIDE]`: SIDE pixels a side (96). Nodes keep the names that they have in ONNX; maps
// have their channels last, as TensorFlow has them.
import fs from 'node:fs';
import path from 'node:path';
import { readOnnx } from './onnx-reader.mjs';

const SHARD_BYTES = 4 * 2 ** 20;
/** Where an axis of [B, C, h, w] is in [B, h, w, C]. */
const CHANNELS_LAST = [0, 3, 1, 2];

const float = { type: 'DT_FLOAT' };
const int = { type: 'DT_INT32' };
const flag = b => ({ b });
const word = s => ({ s: Buffer.from(s).toString('base64') });
const numbers = list => ({ list: { i: list.map(String) } });
const dims = shape => ({ dim: shape.map(size => ({ size: String(size) })) });
const count = shape => shape.reduce((product, size) => product * size, 1);

/** A constant with its axes in another order: axis n of the result is axis order[n] of the tensor. */
function permuted({ shape, isFloat, data }, order) {
  const to = order.map(axis => shape[axis]);
  const strides = shape.map((_, axis) => count(shape.slice(axis + 1)));
  const result = Float64Array.from(data, (_, at) => {
    let [rest, from] = [at, 0];
    for (let n = order.length - 1; n >= 0; n--) {
      from += (rest % to[n]) * strides[order[n]];
      rest = Math.floor(rest / to[n]);
    }
    return data[from];
  });
  return { shape: to, isFloat, data: result };
}

const ARITHMETIC = {
  Add: (a, b) => a + b, Sub: (a, b) => a - b, Mul: (a, b) => a * b, Div: (a, b) => a / b,
};

/** What is known before any picture: the few steps with which weights are widened and sizes are found. */
const FOLDS = {
  Constant: (_, { value }) => value,
  Cast: ([x], { to }) => ({ ...x, isFloat: to === 1 }),
  Unsqueeze: ([x]) => ({ ...x, shape: [1, ...x.shape] }),
  Gather: ([x, index]) => ({ ...x, shape: index.shape, data: Float64Array.from(index.data, at => x.data.at(at)) }),
  Concat: parts => ({
    ...parts[0],
    shape: [parts.reduce((sum, { shape }) => sum + shape[0], 0)],
    data: Float64Array.from(parts.flatMap(({ data }) => [...data])),
  }),
  ...Object.fromEntries(Object.entries(ARITHMETIC).map(([op, of]) => [op, ([a, b]) => {
    // [rows, ...] with one scale a row, or with one number.
    const run = a.data.length / b.data.length;
    // As the runtime does it: in singles.
    return { ...a, data: a.data.map((value, at) => Math.fround(of(value, b.data[Math.floor(at / run)]))) };
  }])),
};

/** Collects the nodes and weights of a GraphModel. */
class GraphModel {
  constructor() {
    this.nodes = [];
    this.weights = [];
  }

  node(op, name, input, attr = {}) {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  constant(name, { shape, isFloat, data }) {
    const type = isFloat ? float : int;
    const value = { tensor: { dtype: type.type, tensorShape: dims(shape) } };
    this.weights.push({ name, shape, dtype: isFloat ? 'float32' : 'int32', data: isFloat ? Float32Array.from(data) : Int32Array.from(data) });
    return this.node('Const', name, [], { dtype: type, value });
  }

  ints(name, list) {
    return this.constant(name, { shape: [list.length], isFloat: false, data: list });
  }

  int(name, value) {
    return this.constant(name, { shape: [], isFloat: false, data: [value] });
  }

  write(folder, signature) {
    const bytes = Buffer.concat(this.weights.map(({ data }) => Buffer.from(data.buffer)));
    const shards = Math.ceil(bytes.length / SHARD_BYTES);
    const paths = Array.from({ length: shards }, (_, n) => `group1-shard${n + 1}of${shards}.bin`);
    const weights = this.weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
    fs.mkdirSync(folder, { recursive: true });
    for (const [n, name] of paths.entries())
      fs.writeFileSync(path.join(folder, name), bytes.subarray(n * SHARD_BYTES, (n + 1) * SHARD_BYTES));
    fs.writeFileSync(path.join(folder, 'model.json'), JSON.stringify({
      format: 'graph-model',
      generatedBy: 'models/pictoclip/training/tfjs.mjs',
      modelTopology: { node: this.nodes, library: {}, versions: { producer: 1, minConsumer: 1 } },
      signature,
      weightsManifest: [{ paths, weights }],
    }));
  }
}

/** One step of ONNX each: (graph, {name, inputs, constants, attributes, shapes}) -> its shape [B, C, h, w] or [B, D] */
const STEPS = {
  Conv(graph, { name, inputs: [x], constants: [, weight, bias], attributes, shapes: [[batch, , height, width]] }) {
    const { strides: [down, across], pads: [top, left, bottom, right], group, dilations } = attributes;
    if (group !== 1 || dilations.some(step => step !== 1)) throw new Error(`${name} is a convolution in groups or with gaps`);
    const [filters, , tall, wide] = weight.shape;
    const filter = graph.constant(`${name}/filter`, permuted(weight, [2, 3, 1, 0]));
    graph.node('Conv2D', bias ? `${name}/plain` : name, [x, filter], {
      T: float,
      strides: numbers([1, down, across, 1]),
      dilations: numbers([1, 1, 1, 1]),
      padding: word('EXPLICIT'),
      explicit_paddings: numbers([0, 0, top, bottom, left, right, 0, 0]),
      data_format: word('NHWC'),
    });
    if (bias) graph.node('BiasAdd', name, [`${name}/plain`, graph.constant(`${name}/bias`, bias)], { T: float });
    const side = (size, before, after, kernel, step) => Math.floor((size + before + after - kernel) / step) + 1;
    return [batch, filters, side(height, top, bottom, tall, down), side(width, left, right, wide, across)];
  },
  BatchNormalization(graph, { name, inputs: [x], constants: [, scale, shift, mean, variance], attributes, shapes: [shape] }) {
    const factor = scale.data.map((value, n) => value / Math.sqrt(variance.data[n] + attributes.epsilon));
    const rest = shift.data.map((value, n) => value - mean.data[n] * factor[n]);
    graph.node('Mul', `${name}/scaled`, [x, graph.constant(`${name}/factor`, { ...scale, data: factor })], { T: float });
    graph.node('AddV2', name, [`${name}/scaled`, graph.constant(`${name}/rest`, { ...scale, data: rest })], { T: float });
    return shape;
  },
  Relu: (graph, { name, inputs, shapes: [shape] }) => (graph.node('Relu', name, inputs, { T: float }), shape),
  Sigmoid: (graph, { name, inputs, shapes: [shape] }) => (graph.node('Sigmoid', name, inputs, { T: float }), shape),
  Add: binary('AddV2'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('RealDiv'),
  Resize(graph, { name, inputs: [x], constants: [, , scales], attributes, shapes: [[batch, channels, height, width]] }) {
    const [, , tall, wide] = scales.data;
    const isPlain = attributes.mode === 'nearest' && attributes.coordinate_transformation_mode === 'asymmetric';
    if (!isPlain || tall % 1 || wide % 1) throw new Error(`${name} does not repeat its cells`);
    const size = graph.ints(`${name}/size`, [height * tall, width * wide]);
    graph.node('ResizeNearestNeighbor', name, [x, size], { T: float, align_corners: flag(false), half_pixel_centers: flag(false) });
    return [batch, channels, height * tall, width * wide];
  },
  ReduceMean: reduction('Mean'),
  ReduceMax: reduction('Max'),
  Concat(graph, { name, inputs, attributes: { axis }, shapes }) {
    const [shape] = shapes;
    const at = graph.int(`${name}/axis`, axisOf(shape, axis));
    graph.node('ConcatV2', name, [...inputs, at], { T: float, Tidx: int, N: { i: String(inputs.length) } });
    return shape.map((size, n) => (n === axis ? shapes.reduce((sum, one) => sum + one[n], 0) : size));
  },
  Gemm(graph, { name, inputs: [x], constants: [, weight, bias], attributes, shapes: [[batch]] }) {
    const { alpha = 1, beta = 1, transA = 0, transB = 0 } = attributes;
    if (alpha !== 1 || beta !== 1 || transA) throw new Error(`${name} is more than a product and a sum`);
    const matrix = graph.constant(`${name}/matrix`, transB ? permuted(weight, [1, 0]) : weight);
    graph.node('MatMul', `${name}/plain`, [x, matrix], { T: float, transpose_a: flag(false), transpose_b: flag(false) });
    graph.node('AddV2', name, [`${name}/plain`, graph.constant(`${name}/bias`, bias)], { T: float });
    return [batch, bias.shape[0]];
  },
  DepthToSpace(graph, { name, inputs: [x], attributes: { blocksize: block, mode }, shapes: [[batch, channels, height, width]] }) {
    if (mode !== 'CRD') throw new Error(`${name} is no pixel shuffle`);
    // TensorFlow wants the cells of a block before the channels, ONNX has them after.
    const found = channels / block ** 2;
    const order = Array.from({ length: channels }, (_, n) => (n % found) * block ** 2 + Math.floor(n / found));
    const axis = graph.int(`${name}/axis`, 3);
    graph.node('GatherV2', `${name}/turned`, [x, graph.ints(`${name}/order`, order), axis], { Tparams: float, batch_dims: { i: '0' } });
    graph.node('DepthToSpace', name, [`${name}/turned`], { T: float, block_size: { i: String(block) }, data_format: word('NHWC') });
    return [batch, found, height * block, width * block];
  },
  Slice(graph, { name, inputs: [x], constants: [, starts, ends, axes, steps], shapes: [shape] }) {
    if (axes.data.length !== 1 || steps?.data[0] !== 1) throw new Error(`${name} cuts more than one axis, or leaves some out`);
    const [[axis], [start]] = [axes.data, starts.data];
    const size = Math.min(ends.data[0], shape[axis]) - start;
    const at = axisOf(shape, axis);
    const begin = graph.ints(`${name}/begin`, shape.map((_, n) => (n === at ? start : 0)));
    const sizes = graph.ints(`${name}/size`, shape.map((_, n) => (n === at ? size : -1)));
    graph.node('Slice', name, [x, begin, sizes], { T: float, Index: int });
    return shape.map((one, n) => (n === axis ? size : one));
  },
};

function axisOf(shape, axis) {
  return shape.length === 4 ? CHANNELS_LAST[axis] : axis;
}

function binary(op) {
  return (graph, { name, inputs, constants, shapes }) => {
    const shape = shapes.find(Boolean);
    const operands = inputs.map((input, n) => {
      if (!constants[n]) return input;
      if (constants[n].data.length !== 1) throw new Error(`${name} has a constant that is not one number`);
      return graph.constant(`${name}/operand${n}`, { ...constants[n], shape: [], isFloat: true });
    });
    graph.node(op, name, operands, { T: float });
    return shape;
  };
}

function reduction(op) {
  return (graph, { name, inputs: [x], attributes: { axes, keepdims }, shapes: [shape] }) => {
    const at = graph.ints(`${name}/axes`, axes.map(axis => axisOf(shape, axis)));
    graph.node(op, name, [x, at], { T: float, keep_dims: flag(Boolean(keepdims)) });
    return keepdims ? shape.map((size, n) => (axes.includes(n) ? 1 : size)) : shape.filter((_, n) => !axes.includes(n));
  };
}

/** Writes the graph of an ONNX file for pictures of so many pixels a side into a folder. */
function convert(file, folder, side) {
  const { nodes, weights, inputs, outputs } = readOnnx(file);
  const graph = new GraphModel();
  const known = new Map(Object.entries(weights));
  const shapes = new Map(inputs.map(name => [name, [-1, 3, side, side]]));
  const input = { name: inputs[0], shape: [-1, side, side, 3] };
  graph.node('Placeholder', input.name, [], { dtype: float, shape: { shape: dims(input.shape) } });
  for (const { op, inputs: names, output: name, attributes } of nodes) {
    const constants = names.map(one => known.get(one));
    if (op === 'Shape') {
      const shape = shapes.get(names[0]);
      known.set(name, { shape: [shape.length], isFloat: false, data: Float64Array.from(shape) });
    } else if (constants.every(Boolean)) {
      if (!FOLDS[op]) throw new Error(`no rule to work out ${op} (${name})`);
      known.set(name, FOLDS[op](constants, attributes));
    } else {
      if (!STEPS[op]) throw new Error(`no rule to convert ${op} (${name})`);
      shapes.set(name, STEPS[op](graph, { name, inputs: names, constants, attributes, shapes: names.map(one => shapes.get(one)) }));
    }
  }
  const described = name => ({ name: `${name}:0`, dtype: 'DT_FLOAT' });
  graph.write(folder, {
    inputs: { [input.name]: { ...described(input.name), tensorShape: dims(input.shape) } },
    outputs: Object.fromEntries(outputs.map(name => [name, described(name)])),
  });
  return graph;
}

const [file, folder, side = '96'] = process.argv.slice(2);
if (!folder) {
  console.error('node tfjs.mjs IMAGE.onnx FOLDER [SIDE]');
  process.exit(2);
}
const { nodes, weights } = convert(file, folder, Number(side));
console.log(`${folder}: ${nodes.length} nodes, ${weights.length} weights`);
