/** The embedded model on clean icons of a style that it has seen: does a label find its own icon among all? */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resample } from '../../arithmetic/resampling.js';
import { dot } from '../../arithmetic/vectors.js';
import { LookbookError } from '../../errors.js';
import { openEncoder } from '../../models/families.js';
import { derivedPath, projectPath } from '../../paths.js';
import type { Pixels } from '../../types.js';
import type { Figures, Measure } from '../figures.js';

interface Concept {
  label: string;
  icons: Record<string, string>;
}

const STYLE = 'noto';
const ICON_PX = 96;
/** How much of the picture's side the icon fills; the rest is white. */
const FILL = 0.85;
const BATCH = 64;

export const measure: Measure = async (say) => {
  const work = drawIcons(say);
  const concepts: Concept[] = JSON.parse(await readFile(`${work}/concepts.json`, 'utf8'));
  const icons = await readFile(`${work}/icons-${STYLE}.bin`);
  const drawn = concepts.flatMap((concept, index) => (concept.icons[STYLE] ? [{ concept, index }] : []));
  const encoder = await openEncoder('pictoclip', {});
  const pictures: Float32Array[] = [];
  for (let start = 0; start < drawn.length; start += BATCH) {
    const batch = drawn
      .slice(start, start + BATCH)
      .map(({ index }) => ({ pixels: iconPicture(icons, index) }));
    pictures.push(...(await encoder.embed(batch)).map(({ picture }) => picture));
  }
  const texts = await encoder.embedTexts!(drawn.map(({ concept }) => concept.label));
  await encoder.close();
  const ranks = texts.map((text, own) => rankOf(own, text, pictures));
  say(`${drawn.length} concepts, style ${STYLE}, labels against clean icons`);
  return {
    'embedded.seen.r1': recallAt(1, ranks),
    'embedded.seen.r5': recallAt(5, ranks),
    'embedded.seen.r10': recallAt(10, ranks),
  } satisfies Figures;
};

/** The icon sets stay out of `npm ci`; the training package brings them, once. */
function drawIcons(say: (line: string) => void): string {
  const training = projectPath('models/pictoclip/training');
  const work = derivedPath('icons');
  if (existsSync(`${work}/icons-${STYLE}.bin`)) return work;
  if (!existsSync(`${training}/node_modules`)) {
    say('installing the icon sets into models/pictoclip/training (150 MB, once) …');
    run('npm', ['ci', '--prefix', training]);
  }
  say('drawing the icons (once) …');
  run('node', [`${training}/icons.mjs`, work]);
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

/** uint8 RGBA of one icon → the picture: the icon over white, centred, FILL of the side. */
function iconPicture(icons: Buffer, index: number): Pixels {
  const rgba = icons.subarray(index * ICON_PX ** 2 * 4, (index + 1) * ICON_PX ** 2 * 4);
  const data = new Uint8Array(ICON_PX ** 2 * 3);
  for (let i = 0; i < ICON_PX ** 2; i++) {
    const alpha = rgba[4 * i + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) {
      data[3 * i + channel] = Math.round(rgba[4 * i + channel]! * alpha + 255 * (1 - alpha));
    }
  }
  const px = Math.round(FILL * ICON_PX);
  const window = { left: 0, top: 0, width: px, height: px };
  const small = resample(
    { data, width: ICON_PX, height: ICON_PX },
    { width: px, height: px, window },
    'bilinear',
  );
  const canvas = new Uint8Array(ICON_PX ** 2 * 3).fill(255);
  const margin = Math.floor((ICON_PX - px) / 2);
  for (let y = 0; y < px; y++) {
    canvas.set(small.data.subarray(y * px * 3, (y + 1) * px * 3), ((y + margin) * ICON_PX + margin) * 3);
  }
  return { data: canvas, width: ICON_PX, height: ICON_PX };
}

/** 0 = the own picture scores highest. */
function rankOf(own: number, text: Float32Array, pictures: readonly Float32Array[]): number {
  const score = dot(text, pictures[own]!);
  return pictures.filter((picture, other) => other !== own && dot(text, picture) > score).length;
}

function recallAt(k: number, ranks: readonly number[]): number {
  return ranks.filter((rank) => rank < k).length / ranks.length;
}
