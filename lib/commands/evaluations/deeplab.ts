/**
 * DeepLab through our code, beside the masks of the original interpreter on 12 photographs and two drawn by hand (github
 * google-coral/test_data). They lie in ../shared/data or where LOOKBOOK_DEEPLAB says: photos/, masks/, reference/; the
 * weights in models/ beside them or where LOOKBOOK_MODELS says.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { classMap } from '../../arithmetic/class-map.js';
import { decode } from '../../decoders/image.js';
import { findModel, modelFiles } from '../../models/registry.js';
import { projectPath } from '../../paths.js';
import { openPictureGraph, type PictureGraph } from '../../picture-graph.js';
import type { Pixels } from '../../types.js';
import type { Measure } from '../figures.js';

const MODEL = 'deeplab-v3';

/** The map that the model's authors compare: as large as its input. */
const MAP = { width: 513, height: 513 };

/** The copy that is decoded of a mask is never enlarged: this is more than any has. */
const WHOLE_PX = 4096;

/** A mask drawn by hand: the values of its file that are the thing, and one that is left out. */
interface ByHand {
  photograph: string;
  mask: string;
  label: string;
  thing: readonly number[];
  left?: number;
}

/** The bird's file holds class numbers; the dog's is a trimap: 0 the dog, 2 its border. */
const BIRD: ByHand = {
  photograph: 'bird_segmentation',
  mask: 'bird_segmentation_mask.png',
  label: 'bird',
  thing: [3],
};
const DOG: ByHand = {
  photograph: 'dog_segmentation_256',
  mask: 'dog_segmentation_mask_256.png',
  label: 'dog',
  thing: [0, 2],
};

export const measure: Measure = async (say) => {
  const folder = projectPath(process.env.LOOKBOOK_DEEPLAB || '../shared/data');
  const references = join(folder, 'reference/deeplab-masks');
  if (!existsSync(references)) {
    say(`SKIPPED: no ${references}; name the folder of photos, masks and reference in LOOKBOOK_DEEPLAB`);
    return {};
  }
  process.env.LOOKBOOK_MODELS ||= join(folder, 'models');
  const deeplab = await openDeeplab();
  try {
    const shares: number[] = [];
    for (const name of (await readdir(references)).filter((file) => file.endsWith('.png')).sort()) {
      const map = await deeplab.mapOf(await photographNamed(folder, name.replace('.png', '')));
      const expected = await valuesOf(join(references, name));
      const share = map.filter((label, at) => label === expected.values[at]).length / map.length;
      say(`${name}: ${(100 * share).toFixed(2)} % of the pixels equal`);
      shares.push(share);
    }
    return {
      'deeplab.photographs': shares.length,
      'deeplab.pixels_equal': shares.reduce((sum, share) => sum + share, 0) / shares.length,
      'deeplab.pixels_equal_min': Math.min(...shares),
      'deeplab.bird_iou': await iouByHand(deeplab, folder, BIRD),
      'deeplab.dog_iou': await iouByHand(deeplab, folder, DOG),
      'deeplab.dog_iou_without_border': await iouByHand(deeplab, folder, { ...DOG, thing: [0], left: 2 }),
    };
  } finally {
    await deeplab.graph.close();
  }
};

interface Deeplab {
  graph: PictureGraph;
  labels: readonly string[];
  /** The class of each pixel at 513 × 513, from the bytes of a photograph. */
  mapOf(bytes: Uint8Array): Promise<Uint16Array>;
}

async function openDeeplab(): Promise<Deeplab> {
  const entry = await findModel(MODEL);
  const { manifest } = entry;
  if (manifest.family !== 'semantic') throw new Error(`${MODEL} is no class map`);
  const { output, preprocessing, labels, alignCorners } = manifest;
  const { image } = await modelFiles(entry);
  const graph = await openPictureGraph(manifest, image!, { device: 'cpu', outputs: [output] });
  return {
    graph,
    labels,
    async mapOf(bytes) {
      const { inputs } = await decode(bytes, { preprocessings: [preprocessing] });
      const [look] = await graph.look(inputs);
      const { data, dims } = look![output]!;
      const [classes = 0, height = 0, width = 0] = dims;
      return classMap({ data, classes, height, width, alignCorners }, MAP);
    },
  };
}

/** Intersection over union of the label's pixels with a mask drawn by hand; each of its pixels takes the nearest of ours. */
async function iouByHand(deeplab: Deeplab, folder: string, byHand: ByHand): Promise<number> {
  const map = await deeplab.mapOf(await photographNamed(folder, byHand.photograph));
  const { values, width, height } = await valuesOf(join(folder, 'masks', byHand.mask));
  const label = deeplab.labels.indexOf(byHand.label);
  let both = 0;
  let either = 0;
  for (const [at, value] of values.entries()) {
    if (value === byHand.left) continue;
    const x = Math.floor((((at % width) + 0.5) * MAP.width) / width);
    const y = Math.floor(((Math.floor(at / width) + 0.5) * MAP.height) / height);
    const found = map[y * MAP.width + x] === label;
    const isThing = byHand.thing.includes(value);
    both += Number(found && isThing);
    either += Number(found || isThing);
  }
  return both / either;
}

async function photographNamed(folder: string, name: string): Promise<Uint8Array> {
  const path = ['png', 'jpg'].map((ending) => join(folder, 'photos', `${name}.${ending}`)).find(existsSync);
  if (!path) throw new Error(`no photograph ${name} in ${folder}/photos`);
  return readFile(path);
}

/** The grey values of a PNG, row-major. */
async function valuesOf(path: string): Promise<Pick<Pixels, 'width' | 'height'> & { values: Uint8Array }> {
  const { working } = await decode(await readFile(path), { preprocessings: [], workingPx: WHOLE_PX });
  const { data, width, height } = working!;
  return { width, height, values: Uint8Array.from({ length: width * height }, (_, at) => data[3 * at]!) };
}
