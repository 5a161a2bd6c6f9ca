/** The drawings that the embedded model was trained on, by concept: what scenes of known truth are composed from. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resample } from '../../arithmetic/resampling.js';
import { LookbookError } from '../../errors.js';
import { derivedPath, projectPath } from '../../paths.js';
import type { Mask, Pixels } from '../../types.js';

/** One thing that has a drawing: `names` are its label and its short name in CLDR, in lower case. */
export interface Concept {
  label: string;
  names: string[];
  tags: string[];
  /** Of its character, as hexadecimal code points joined by hyphens. */
  hex: string;
  /** As Unicode sorts it: animals-nature, animal-mammal. */
  group: string;
  subgroup: string;
  /** Style → name of the drawing in that style. */
  icons: Record<string, string>;
}

/** The drawings of one style. */
export interface Icons {
  /** All concepts, in the order of the model's own concept vectors. */
  concepts: Concept[];
  /** Indexes of the concepts that this style draws. */
  drawn: number[];
  /** One drawing at ICON_PX, uint8[ICON_PX, ICON_PX, 3], colours multiplied by the opacity, and the opacity. */
  icon(concept: number): { colours: Pixels; opacity: Pixels };
}

/** The style that the model's figures are measured on. */
export const STYLE = 'noto';

/** Pixels of a stored drawing's side. */
export const ICON_PX = 96;

/** How much of a clean picture's side the drawing fills; the rest is white. */
const FILL = 0.85;

/** Reads the drawings of a style; draws them first where that was never done. @throws LookbookError without npm. */
export async function openIcons(say: (line: string) => void, style: string = STYLE): Promise<Icons> {
  const work = drawIcons(say);
  const concepts: Concept[] = JSON.parse(await readFile(join(work, 'concepts.json'), 'utf8'));
  const stored = await readFile(join(work, `icons-${style}.bin`));
  return {
    concepts,
    drawn: concepts.flatMap(({ icons }, index) => (icons[style] ? [index] : [])),
    icon: (concept) => premultiplied(stored.subarray(concept * ICON_PX ** 2 * 4), ICON_PX),
  };
}

/** The icon sets stay out of `npm ci`; the training package brings them, once. @returns the folder of the drawings. */
function drawIcons(say: (line: string) => void): string {
  const training = projectPath('models/pictoclip/training');
  const work = derivedPath('icons');
  if (existsSync(join(work, `icons-${STYLE}.bin`))) return work;
  if (!existsSync(join(training, 'node_modules'))) {
    say('installing the icon sets into models/pictoclip/training (150 MB, once) …');
    run('npm', ['ci', '--prefix', training]);
  }
  say('drawing the icons (once) …');
  run('node', [join(training, 'icons.mjs'), work]);
  return work;
}

function run(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new LookbookError('evaluate', {
    what: `${command} ${args[0]} did not end well`,
    got: stderr.trim().split('\n').slice(-3).join(' '),
    expected: 'the icon sets of models/pictoclip/training',
    mend: 'Install them by hand: npm ci --prefix models/pictoclip/training.',
  });
}

/** uint8 RGBA [px, px, 4] → colours over black and the opacity in three equal channels. */
function premultiplied(rgba: Uint8Array, px: number): { colours: Pixels; opacity: Pixels } {
  const colours = new Uint8Array(px * px * 3);
  const opacity = new Uint8Array(px * px * 3);
  for (let i = 0; i < px * px; i++) {
    const alpha = rgba[4 * i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * i + channel] = Math.round((rgba[4 * i + channel]! * alpha) / 255);
      opacity[3 * i + channel] = alpha;
    }
  }
  return {
    colours: { data: colours, width: px, height: px },
    opacity: { data: opacity, width: px, height: px },
  };
}

/** One drawing at another size. */
export interface Drawing {
  px: number;
  colours: Pixels;
  opacity: Pixels;
  /** Where it is more solid than not. */
  mask: Mask;
}

export function drawingAt(icons: Icons, concept: number, px: number): Drawing {
  const plan = { width: px, height: px, window: { left: 0, top: 0, width: px, height: px } };
  const { colours, opacity } = icons.icon(concept);
  const small = resample(opacity, plan, 'bilinear');
  const mask = { data: new Uint8Array(px * px), width: px, height: px };
  for (let i = 0; i < px * px; i++) mask.data[i] = Number(small.data[3 * i]! > 127);
  return { px, colours: resample(colours, plan, 'bilinear'), opacity: small, mask };
}

/** Lays a drawing over a picture, its upper left corner at x, y; all of it must lie inside. Changes the picture. */
export function layOver(picture: Pixels, { px, colours, opacity }: Drawing, x: number, y: number): void {
  for (let v = 0; v < px; v++) {
    for (let u = 0; u < px; u++) {
      const from = 3 * (v * px + u);
      const to = 3 * ((y + v) * picture.width + x + u);
      const rest = 1 - opacity.data[from]! / 255;
      for (let channel = 0; channel < 3; channel++) {
        picture.data[to + channel] = Math.min(
          255,
          Math.round(colours.data[from + channel]! + picture.data[to + channel]! * rest),
        );
      }
    }
  }
}

/** A drawing alone, over white, centred, FILL of the side: ICON_PX × ICON_PX. */
export function cleanIcon(icons: Icons, concept: number): Pixels {
  const px = Math.round(FILL * ICON_PX);
  const picture = {
    data: new Uint8Array(ICON_PX ** 2 * 3).fill(255),
    width: ICON_PX,
    height: ICON_PX,
  };
  const margin = Math.floor((ICON_PX - px) / 2);
  layOver(picture, drawingAt(icons, concept, px), margin, margin);
  return picture;
}
