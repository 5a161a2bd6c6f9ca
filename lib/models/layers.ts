/** Layers: outputs of a picture graph, or tensors inside it, that serve as the vector in place of the model's own. */
import { nearNames } from '../arithmetic/near-names.js';
import { LookbookError } from '../errors.js';
import { openGraph, readNames } from '../graphs.js';
import type { GraphNames } from '../onnx-names.js';
import { openPictureGraph } from '../picture-graph.js';
import { greyPicture, type OpenOptions, placeOf } from './identity.js';
import type { EncoderManifest, ImageEncoderManifest, Layer, Manifest } from './manifest.js';
import { graphOfData } from './places.js';

/** A manifest as its family opens it, with the files and the tensors that this takes. */
export interface AtLayer {
  manifest: Manifest;
  files: Record<string, string>;
  /** Tensors inside the graph that become outputs. */
  added: readonly string[];
}

/** The families whose picture graph is an ONNX file with a vector. */
const LAYERED: ReadonlySet<Manifest['family']> = new Set<EncoderManifest['family']>([
  'dual-encoder',
  'image-encoder',
  'label-words',
]);

function isLayered(manifest: Manifest): manifest is EncoderManifest {
  return LAYERED.has(manifest.family);
}

/**
 * A model at the layer that the options ask for: the picture graph alone, without words, with one of the layers that its
 * manifest lists or any tensor by name; maps and tokens are then pooled by their mean. Without a layer the model as it is.
 * @throws LookbookError of an unknown name, with the near ones, or of a tensor that cannot be a vector.
 */
export async function atLayer(
  manifest: Manifest,
  files: Record<string, string>,
  options: OpenOptions,
): Promise<AtLayer> {
  const { layer, beside = [] } = options;
  if (!isLayered(manifest)) return { manifest, files, added: [] };
  const reading = readNames(files.image!);
  // Without a layer, what is no graph is told by the runtime, which is about to open it.
  const names = layer === undefined ? await reading.catch(() => null) : await reading;
  if (!names) return { manifest, files, added: [] };
  const listed = beside.map((name) => listedLayer(manifest, name)?.output ?? name);
  if (layer === undefined)
    return { manifest, files, added: inside(names, [...outputsOf(manifest), ...listed]) };
  const side = pictureSide(manifest);
  const own = Object.fromEntries(
    Object.entries(files).filter(([role]) => manifest.family === 'image-encoder' || isOfImage(role)),
  );
  const found = listedLayer(manifest, layer);
  const output = found?.output ?? layer;
  const added = inside(names, [output, ...listed]);
  if (!found && !namesAll(names).includes(output)) throw unknownLayer(manifest, layer, names);
  const rule = found ?? (await looked(side, output, { files: own, added, options }));
  return { manifest: { ...side, ...rule }, files: own, added };
}

/** What a tensor is called and what it holds, for lists. */
export interface ListedTensor {
  name: string;
  op: string;
  /** Whether the graph gives it without being asked. */
  isOutput: boolean;
  /** [batch, …]; null where it depends on the picture's size or the runtime cannot tell. */
  dims: (number | null)[];
}

/**
 * Every tensor of a graph that may be a layer: floats, of vectors, tokens or maps, made of the picture.
 * @throws LookbookError when the file is no ONNX graph.
 */
export async function listTensors(path: string): Promise<ListedTensor[]> {
  const { outputs, tensors } = await readNames(path);
  const added = tensors.map(({ name }) => name).filter((name) => !outputs.includes(name));
  const model = await openGraph(path, { added, lanes: 1, threads: 1 });
  await model.close();
  const facts = new Map(model.outputs.map((fact) => [fact.name, fact]));
  return tensors.flatMap(({ name, op }) => {
    const { type = '', dims = [] } = facts.get(name) ?? {};
    const isVector = /^float(16|32)$/.test(type) && dims.length >= 2 && dims.length <= 4;
    return isVector ? [{ name, op, isOutput: outputs.includes(name), dims }] : [];
  });
}

/**
 * What is wrong with the names of layers before anything is opened: a sentence for each that neither the manifest lists
 * nor the graph holds. Of models whose files are not here yet only the listed ones can be known.
 */
export async function layerFaults(
  manifest: Manifest,
  layers: readonly string[],
  image: string | undefined,
): Promise<string[]> {
  const unlisted = layers.filter((layer) => !listedLayer(manifest, layer));
  if (!unlisted.length) return [];
  if (!isLayered(manifest)) return [];
  const names = image === undefined ? null : await readNames(image).catch(() => null);
  if (!names) return [];
  const all = namesAll(names);
  return unlisted.filter((layer) => !all.includes(layer)).map((layer) => faultOf(manifest, layer, names));
}

/** The names of the layers that a manifest lists. */
export function listedLayers(manifest: Manifest): string[] {
  return 'layers' in manifest ? Object.keys(manifest.layers ?? {}) : [];
}

/** The output or tensor that a listed layer is. */
export function layerOutput(manifest: Manifest, name: string): string | undefined {
  return listedLayer(manifest, name)?.output;
}

function listedLayer(manifest: Manifest, name: string): Layer | undefined {
  const layers: Record<string, Layer> = 'layers' in manifest ? (manifest.layers ?? {}) : {};
  return Object.hasOwn(layers, name) ? layers[name] : undefined;
}

function outputsOf(manifest: EncoderManifest): string[] {
  const dense = manifest.family === 'label-words' ? undefined : manifest.dense;
  return [manifest.output, ...(dense ? [dense.output] : [])];
}

function namesAll({ outputs, tensors }: GraphNames): string[] {
  return [...new Set([...outputs, ...tensors.map(({ name }) => name)])];
}

/** Those of some names that are tensors of the graph and no outputs of it, sorted: one set has one name. */
function inside({ outputs, tensors }: GraphNames, wanted: readonly string[]): string[] {
  const made = new Set(tensors.map(({ name }) => name));
  return [...new Set(wanted)].filter((name) => made.has(name) && !outputs.includes(name)).sort();
}

/** A manifest without what belongs to its own vector alone. */
function pictureSide(manifest: EncoderManifest): ImageEncoderManifest {
  if (manifest.family === 'image-encoder') {
    const { pooling: _, dense: __, ...rest } = manifest;
    return rest;
  }
  const { name, title, licence, source, files, preprocessing, input, pixels, constants, batch } = manifest;
  return {
    family: 'image-encoder',
    name,
    title,
    licence,
    source,
    files: { image: files.image },
    preprocessing,
    input,
    output: manifest.output,
    dimension: manifest.dimension,
    ...(pixels === undefined ? {} : { pixels }),
    ...(constants === undefined ? {} : { constants }),
    ...(batch === undefined ? {} : { batch }),
    ...(manifest.crops === undefined ? {} : { crops: manifest.crops }),
  };
}

/** The picture graph, and the weights that lie beside it. */
function isOfImage(role: string): boolean {
  return role === 'image' || graphOfData(role) === 'image';
}

interface Looking {
  files: Record<string, string>;
  added: readonly string[];
  options: OpenOptions;
}

/** How a tensor becomes a vector, as a plain grey picture shows. */
async function looked(
  side: ImageEncoderManifest,
  output: string,
  { files, added, options }: Looking,
): Promise<Layer> {
  const graph = await openPictureGraph(side, files.image!, { ...placeOf(options), outputs: [output], added });
  try {
    const [look] = await graph.look([greyPicture(side.preprocessing)], [output]);
    const { dims } = look![output]!;
    const [first = 0, second = 0, third = 0] = dims;
    if (dims.length >= 1 && dims.slice(1).every((dim) => dim === 1)) return { output, dimension: first };
    if (dims.length === 2) return { output, dimension: second, pooling: 'mean' };
    // Of a square picture: what has its equal sides first has its channels last.
    const isChannelsLast = first === second && second !== third;
    if (dims.length === 3 && !isChannelsLast) return { output, dimension: first, pooling: 'mean' };
    throw new LookbookError('encoder', {
      what: `${output} of ${side.name} cannot serve as a vector`,
      got: `[${dims}] a picture`,
      expected: 'a vector [D], tokens [T, D], or a map [C, h, w] with its channels first',
      mend: `\`npm run models -- layers ${side.name}\` lists the others.`,
    });
  } finally {
    await graph.close();
  }
}

function unknownLayer(manifest: EncoderManifest, layer: string, names: GraphNames): LookbookError {
  return new LookbookError('encoder', {
    what: `${manifest.name} has no layer of that name`,
    got: JSON.stringify(layer),
    expected: knownOf(manifest, layer, names),
    mend: `\`npm run models -- layers ${manifest.name}\` lists all. Change LAYER in the config cell, or leave it out.`,
  });
}

function faultOf(manifest: EncoderManifest, layer: string, names: GraphNames): string {
  return `${manifest.name} has no layer ${JSON.stringify(layer)}, but ${knownOf(manifest, layer, names)}`;
}

function knownOf(manifest: EncoderManifest, layer: string, names: GraphNames): string {
  const listed = listedLayers(manifest);
  const near = nearNames(layer, namesAll(names)).filter((name) => !listed.includes(name));
  return [
    listed.length ? `the layers ${listed.join(', ')}` : '',
    near.length ? `tensors such as ${near.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' and ');
}
