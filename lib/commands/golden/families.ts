import { readdir } from 'node:fs/promises';
import type { Preprocessing } from '../../types.js';
import { type GoldenFolder, readGolden, type StoredTensor } from './folder.js';

/** What the reference made of one picture: float32[1, 3, height, width], as figures and as every n-th value. */
export interface FamilyRow {
  image: string;
  shape: [number, number, number, number];
  /** Of the normalised values, one a channel. */
  mean: number[];
  /** x[0, :, offset[0]::stride[0], offset[1]::stride[1]]; one number where both are equal. */
  sample: StoredTensor & { offset: number | [number, number]; stride: number | [number, number] };
}

/** One way of preprocessing, and what the reference made of each picture. */
export interface Family {
  name: string;
  rule: Preprocessing;
  rows: FamilyRow[];
}

/** CMYK is read through a colour profile here and by a plain formula there: no parity is to be had. */
const WITHOUT_PARITY = '12-cmyk.jpg';

const CLIP = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} satisfies Partial<Preprocessing>;
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } satisfies Partial<Preprocessing>;
const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1] } satisfies Partial<Preprocessing>;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } satisfies Partial<Preprocessing>;

/** The rules of the large set in the manifest's words; the small set brings its own. */
const RULES: Record<string, Preprocessing> = {
  'clip-224': { resize: 'shortest', size: 224, interpolation: 'bicubic', ...CLIP },
  'clip-256': { resize: 'shortest', size: 256, interpolation: 'bicubic', ...CLIP },
  'siglip-224': { resize: 'squash', size: 224, interpolation: 'bicubic', ...HALF },
  'siglip2-224': { resize: 'squash', size: 224, interpolation: 'bilinear', ...HALF },
  'mobileclip-256': { resize: 'shortest', size: 256, interpolation: 'bilinear', ...PLAIN },
  'segformer-512': { resize: 'squash', size: 512, interpolation: 'bilinear', ...IMAGENET },
  'beit-640': { resize: 'squash', size: 640, interpolation: 'bilinear', ...HALF },
  'detr-800': { resize: 'within', size: 800, longest: 1333, interpolation: 'bilinear', ...IMAGENET },
  'sam-1024': { resize: 'longest', size: 1024, interpolation: 'bilinear', ...IMAGENET },
};

export async function readFamilies(folder: GoldenFolder): Promise<Family[]> {
  const below = folder.size === 'large' ? 'preprocess/families' : 'preprocess';
  const files = (await readdir(`${folder.path}/${below}`)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = file.slice(0, -'.json'.length);
      const { rule, rows } = await readGolden<{ rule?: Preprocessing; rows: FamilyRow[] }>(
        folder,
        `${below}/${file}`,
      );
      const known = rule ?? RULES[name];
      if (!known) throw new Error(`no rule is known for the golden family ${name}`);
      return { name, rule: known, rows: rows.filter(({ image }) => image !== WITHOUT_PARITY) };
    }),
  );
}

export function ruleNamed(name: string): Preprocessing {
  const rule = RULES[name];
  if (!rule) throw new Error(`no rule is known for the golden family ${name}`);
  return rule;
}

/** Where a picture of the goldens lies. */
export function picturePath(folder: GoldenFolder, image: string): string {
  return `${folder.path}/${folder.size === 'large' ? 'preprocess/images' : 'images'}/${image}`;
}

/** The reference's whole picture before normalising, a PNG; not there for every family. */
export function resizedPath(folder: GoldenFolder, family: string, image: string): string {
  return `${folder.path}/preprocess/resized/${family}--${image.replace(/\.[^.]+$/, '')}.png`;
}
