import type { Preprocessing } from '../../types.js';
import { countOf, fieldOf, numberOf, shown, textOf, tripleOf } from './json.js';

/** What was read, and what is wrong with it; without faults `preprocessing` is there. */
export interface ReadPreprocessing {
  preprocessing?: Preprocessing;
  faults: string[];
}

type Interpolation = Preprocessing['interpolation'];
type Triple = [number, number, number];
type Shape = Pick<Preprocessing, 'resize' | 'size' | 'scaleTo' | 'longest' | 'multipleOf' | 'cropRounding'>;

/** Pillow's numbers of resampling filters. */
const FILTERS: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic'];

/** Image processors of transformers: what they do where the config does not say. */
interface Habits {
  interpolation: Interpolation;
  /** A bare number is the shorter side, not both. */
  shortest?: boolean;
  crop?: boolean;
  /** The whole picture in its own form, its sides multiples of this; pictures of one run are filled up to the largest. */
  within?: { multipleOf: number };
}

const HABITS: Record<string, Habits> = {
  CLIP: { interpolation: 'bicubic', shortest: true, crop: true },
  ChineseCLIP: { interpolation: 'bicubic', shortest: true, crop: true },
  Bit: { interpolation: 'bicubic', shortest: true, crop: true },
  ConvNext: { interpolation: 'bilinear', shortest: true },
  MobileNetV1: { interpolation: 'bilinear', shortest: true, crop: true },
  MobileNetV2: { interpolation: 'bilinear', shortest: true, crop: true },
  Siglip: { interpolation: 'bicubic' },
  Beit: { interpolation: 'bicubic', crop: true },
  DeiT: { interpolation: 'bicubic', crop: true },
  ViT: { interpolation: 'bilinear' },
  Segformer: { interpolation: 'bilinear' },
  EfficientNet: { interpolation: 'nearest' },
  Detr: { interpolation: 'bilinear', within: { multipleOf: 1 } },
  MaskFormer: { interpolation: 'bilinear', within: { multipleOf: 32 } },
};

/** ConvNext's processor crops below this size and stretches from it on. */
const CONVNEXT_STRETCHES_FROM = 384;
const CONVNEXT_CROP_SHARE = 224 / 256;

/** preprocessor_config.json of transformers, in the old form (size: 224) and the new ones. */
export function readImageProcessor(config: unknown): ReadPreprocessing {
  const kind = kindOf(config);
  const habits = HABITS[kind];
  const faults = refusals(config, habits);
  const interpolation = interpolationOf(config, habits);
  if (interpolation === undefined)
    faults.push(
      `resample ${shown(fieldOf(config, 'resample'))} of ${kind || 'no known processor'}, not 0 to 3`,
    );
  const shape = shapeFor(config, kind, habits);
  if (typeof shape === 'string') faults.push(shape);
  const colours = coloursOf(config, kind);
  if (typeof colours === 'string') faults.push(colours);
  if (typeof shape === 'string' || typeof colours === 'string' || interpolation === undefined)
    return { faults };
  return faults.length ? { faults } : { faults, preprocessing: { ...shape, interpolation, ...colours } };
}

/** preprocess_cfg.json of open_clip; the size comes from the model's config where it does not say one. */
export function readOpenClipPreprocessing(config: unknown, imageSize: unknown): ReadPreprocessing {
  const faults: string[] = [];
  const size = squareOf(fieldOf(config, 'size') ?? imageSize);
  if (size === undefined) faults.push(`size ${shown(fieldOf(config, 'size') ?? imageSize)}, not one square`);
  const resize = textOf(fieldOf(config, 'resize_mode')) ?? 'shortest';
  if (resize !== 'shortest' && resize !== 'squash')
    faults.push(`resize_mode ${shown(resize)}, not shortest or squash`);
  const interpolation = FILTERS.find((filter) => filter === (fieldOf(config, 'interpolation') ?? 'bicubic'));
  if (interpolation === undefined) faults.push(`interpolation ${shown(fieldOf(config, 'interpolation'))}`);
  const mean = tripleOf(fieldOf(config, 'mean'));
  const std = tripleOf(fieldOf(config, 'std'));
  if (!mean) faults.push(`mean ${shown(fieldOf(config, 'mean'))}, not three numbers`);
  if (!std?.every((value) => value > 0))
    faults.push(`std ${shown(fieldOf(config, 'std'))}, not three positive numbers`);
  if (faults.length || !size || !interpolation || !mean || !std) return { faults };
  const shape: Shape =
    resize === 'squash' ? { resize, size } : { resize: 'shortest', size, cropRounding: 'even' };
  return { faults, preprocessing: { ...shape, interpolation, mean, std } };
}

/** 'CLIPImageProcessorFast' → 'CLIP' */
function kindOf(config: unknown): string {
  const type =
    textOf(fieldOf(config, 'image_processor_type') ?? fieldOf(config, 'feature_extractor_type')) ?? '';
  return type.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '');
}

/** What no manifest can say. */
function refusals(config: unknown, habits: Habits | undefined): string[] {
  const faults: string[] = [];
  if (fieldOf(config, 'do_resize') === false)
    faults.push('do_resize false: the model takes pictures of any size');
  if (fieldOf(config, 'do_flip_channel_order') === true)
    faults.push('do_flip_channel_order: blue comes first');
  // One picture a run is not filled up by those that only fill up to the largest of a run.
  if (fieldOf(config, 'do_pad') === true && !habits?.within) faults.push('do_pad: pictures are filled up');
  return faults;
}

function interpolationOf(config: unknown, habits: Habits | undefined): Interpolation | undefined {
  const filter = fieldOf(config, 'resample');
  if (filter === undefined || filter === null) return habits?.interpolation;
  return typeof filter === 'number' ? FILTERS[filter] : undefined;
}

function shapeFor(config: unknown, kind: string, habits: Habits | undefined): Shape | string {
  if (kind === 'ConvNext') return convNextShape(config);
  return habits?.within ? withinShape(config, habits.within.multipleOf) : shapeOf(config, habits);
}

/** DETR's and MaskFormer's processor: the shorter side, unless the longer one would pass its most. */
function withinShape(config: unknown, habit: number): Shape | string {
  const given = fieldOf(config, 'size');
  const square = typeof given === 'number' ? undefined : squareOf(given);
  if (square !== undefined) return { resize: 'squash', size: square };
  const size = countOf(fieldOf(given, 'shortest_edge')) ?? countOf(given);
  const longest = countOf(fieldOf(given, 'longest_edge') ?? fieldOf(config, 'max_size') ?? 1333);
  const divisor = fieldOf(config, 'size_divisor') ?? fieldOf(config, 'size_divisibility') ?? habit;
  const multipleOf = countOf(divisor);
  if (size === undefined || longest === undefined || longest < size)
    return `size ${shown(given)}, neither a number nor shortest_edge and a longest_edge of at least that`;
  if (multipleOf === undefined) return `size_divisor ${shown(divisor)}, not a whole number`;
  return { resize: 'within', size, longest, ...(multipleOf > 1 ? { multipleOf } : {}) };
}

/** How the picture becomes a square, or in words why it does not. */
function shapeOf(config: unknown, habits: Habits | undefined): Shape | string {
  const size = fieldOf(config, 'size');
  const crops = fieldOf(config, 'do_center_crop') ?? habits?.crop ?? false;
  const isShortest = habits?.shortest ?? crops === true;
  const shortest = countOf(fieldOf(size, 'shortest_edge')) ?? (isShortest ? countOf(size) : undefined);
  const square = shortest === undefined ? squareOf(size) : undefined;
  const crop = crops === true ? (squareOf(fieldOf(config, 'crop_size')) ?? shortest ?? square) : undefined;
  if (shortest !== undefined && crop !== undefined) {
    if (crop > shortest) return `crop_size ${crop} is larger than the shorter side, ${shortest}`;
    return {
      resize: 'shortest',
      size: crop,
      ...(crop === shortest ? {} : { scaleTo: shortest }),
      cropRounding: 'floor',
    };
  }
  if (shortest !== undefined) return `size ${shown(size)} without a centre crop: pictures of free shape`;
  if (square === undefined) return `size ${shown(size)}, neither a number, shortest_edge nor a square`;
  return crop === undefined || crop === square
    ? { resize: 'squash', size: square }
    : `size ${shown(size)} stretched and then cropped to ${crop}`;
}

/** ConvNext's and ResNet's processor: a crop of the share crop_pct below 384 pixels, stretched from there on. */
function convNextShape(config: unknown): Shape | string {
  const given = fieldOf(config, 'size');
  const size = countOf(fieldOf(given, 'shortest_edge')) ?? squareOf(given);
  const share = numberOf(fieldOf(config, 'crop_pct') ?? CONVNEXT_CROP_SHARE);
  if (size === undefined) return `size ${shown(given)}, neither a number nor shortest_edge`;
  if (size >= CONVNEXT_STRETCHES_FROM) return { resize: 'squash', size };
  if (share === undefined || share <= 0 || share > 1)
    return `crop_pct ${shown(fieldOf(config, 'crop_pct'))}, not a share`;
  const scaleTo = Math.trunc(size / share);
  return { resize: 'shortest', size, ...(scaleTo === size ? {} : { scaleTo }), cropRounding: 'floor' };
}

/** One side of a square: 224, [224, 224] or { height: 224, width: 224 }. */
function squareOf(value: unknown): number | undefined {
  const pair = Array.isArray(value) ? value : [fieldOf(value, 'height'), fieldOf(value, 'width')];
  const [height, width] = pair.map(countOf);
  return countOf(value) ?? (pair.length === 2 && height === width ? height : undefined);
}

/**
 * Mean and deviation on the 0..1 scale, whatever factor the pixels (0..255) are multiplied with before; or in words
 * what is wrong.
 */
function coloursOf(config: unknown, kind: string): { mean: Triple; std: Triple } | string {
  const normalises = fieldOf(config, 'do_normalize') !== false;
  const mean = normalises ? tripleOf(fieldOf(config, 'image_mean')) : ([0, 0, 0] as Triple);
  const given = normalises ? tripleOf(fieldOf(config, 'image_std')) : ([1, 1, 1] as Triple);
  const rescales = fieldOf(config, 'do_rescale') !== false;
  const factor = rescales ? numberOf(fieldOf(config, 'rescale_factor') ?? 1 / 255) : 1;
  if (!mean) return `image_mean ${shown(fieldOf(config, 'image_mean'))}, not three numbers`;
  if (!given?.every((value) => value > 0))
    return `image_std ${shown(fieldOf(config, 'image_std'))}, not three positive numbers`;
  if (!factor || factor < 0)
    return `rescale_factor ${shown(fieldOf(config, 'rescale_factor'))}, not a positive number`;
  // EfficientNet's classifiers were trained with the division by the deviation done twice.
  const twice = kind === 'EfficientNet' && fieldOf(config, 'include_top') !== false;
  const std = twice ? each(given, (value) => value * value) : given;
  const offset = rescales && fieldOf(config, 'rescale_offset') === true ? 1 : 0;
  const scale = 255 * factor;
  if (offset === 0 && Math.abs(scale - 1) < 1e-6) return { mean, std };
  return { mean: each(mean, (value) => (value + offset) / scale), std: each(std, (value) => value / scale) };
}

function each([red, green, blue]: Triple, change: (value: number) => number): Triple {
  return [change(red), change(green), change(blue)];
}
