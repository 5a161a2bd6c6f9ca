// One demo picture: icons drawn from their vectors on a ground, and the truth about what is visible.
import sharp from 'sharp';
import { FLYING, RELATIVE_SIZE, SAILING, SWIMMING } from './demo-casts.mjs';
import { GROUNDS } from './demo-grounds.mjs';
import { drawIcon } from './icons.mjs';
import { bboxOf, encodeRle } from './masks.mjs';

const TINTS = { red: [222, 44, 44], blue: [50, 110, 222], yellow: [250, 200, 40], green: [60, 170, 75] };
const DRAWN_PX = 512;
const TRANSPARENT = { r: 0, g: 0, b: 0, alpha: 0 };

const between = (random, low, high) => low + (high - low) * random();
const rawImage = ({ data, width, height }) => sharp(data, { raw: { width, height, channels: 4 } });
const toRaw = async image => {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};

/** "meadow | fox, red:umbrella" → {ground, objects: [{concept, tint?}]}; concepts = Map of label → concept. */
export function readCast(line, concepts) {
  const [ground, labels] = line.split(' | ');
  const objects = labels.split(', ').map(word => {
    const [label, tint] = word.split(':').reverse();
    if (!concepts.has(label)) {
      throw new Error(`[demo] unknown label: got "${label}", expected a label of concepts.json. Mend demo-casts.mjs.`);
    }
    return { concept: concepts.get(label), tint };
  });
  return { ground, objects };
}

/** Repaints the coloured parts of RGBA bytes in place, keeping light and shade; greys such as tyres and glass stay. */
function repaint(data, colour) {
  for (let i = 0; i < data.length; i += 4) {
    const highest = Math.max(data[i], data[i + 1], data[i + 2]);
    const lowest = Math.min(data[i], data[i + 1], data[i + 2]);
    const saturation = highest === 0 ? 0 : (highest - lowest) / highest;
    const share = Math.min(1, Math.max(0, (saturation - .25) * 4));
    const light = .45 + (.75 * highest) / 255;
    for (let c = 0; c < 3; c++) data[i + c] = Math.min(255, data[i + c] * (1 - share) + colour[c] * light * share);
  }
}

/** The icon cut to what is drawn of it: {style, cut: {data, width, height}}. Only noto draws boats without water. */
async function drawCut(style, { icons, label }) {
  const set = icons[style] && !SAILING.has(label) ? style : 'noto';
  const whole = { data: await drawIcon(set, icons[set], DRAWN_PX), width: DRAWN_PX, height: DRAWN_PX };
  const opaque = Uint8Array.from({ length: DRAWN_PX * DRAWN_PX }, (_, i) => (whole.data[4 * i + 3] > 24 ? 1 : 0));
  const { x, y, width, height } = bboxOf(opaque, DRAWN_PX, DRAWN_PX);
  return { style: set, cut: await toRaw(rawImage(whole).extract({ left: x, top: y, width, height })) };
}

/** Tinted, mirrored, turned by some degrees, and resized so that the longer side has `px` pixels. */
async function pose(cut, { px, tint, mirror, angle }) {
  if (tint) repaint(cut.data, TINTS[tint]);
  let image = rawImage(cut).flop(mirror);
  if (angle !== 0) image = rawImage(await toRaw(image.rotate(angle, { background: TRANSPARENT })));
  return toRaw(image.resize(px, px, { fit: 'inside' }));
}

/** The area of the ground where a thing is at home, or 'free' where the ground has no such place. */
function areaOf(label, areas) {
  let homes = ['stand', 'swim'];
  if (FLYING.has(label)) homes = ['fly', 'swim'];
  if (SAILING.has(label)) homes = ['sail', 'stand'];
  if (SWIMMING.has(label)) homes = ['swim', 'stand'];
  return homes.find(home => areas[home]) ?? 'free';
}

/** Middles of 1, 2, 3 and 4 objects on a ground without areas, as shares of the sides. */
const FREE_PLACES = [
  [[.5, .5]],
  [[.29, .45], [.71, .57]],
  [[.25, .35], [.72, .3], [.52, .73]],
  [[.27, .28], [.73, .31], [.29, .74], [.72, .71]],
];
/** Longest side of an object where there are 1, 2, 3 or 4, as a share of the picture's shorter side. */
const LARGEST = [.62, .44, .36, .31];

/** → for every object {area, px, x, y}: side by side on areas, spread out on free grounds. */
function layOut(objects, areas, { size: [width, height], random }) {
  const count = objects.length;
  const columns = objects.map(() => random()).map((mine, _, all) => all.filter(other => other < mine).length);
  return objects.map(({ concept: { label } }, i) => {
    const area = areaOf(label, areas);
    const usual = Math.min(width, height) * LARGEST[count - 1] * (RELATIVE_SIZE[label] ?? 1);
    const px = Math.round(usual * (area === 'fly' ? .8 : 1) * between(random, .85, 1.1));
    if (area === 'free') {
      const [x, y] = FREE_PLACES[count - 1][i].map(share => share + between(random, -.04, .04));
      return { area, px, x: x * width, y: y * height };
    }
    const x = ((columns[i] + .5) / count + between(random, -.08, .08) / count) * width;
    return { area, px, x, y: between(random, ...areas[area]) * height };
  });
}

/** Left and top edge of a layer, inside the picture; what stands or sails touches its y with the lower edge. */
function anchor(layer, { area, x, y }, [width, height]) {
  const top = area === 'stand' || area === 'sail' ? y - layer.height : y - layer.height / 2;
  const inside = (value, room) => Math.round(Math.min(Math.max(value, room * .02), Math.max(0, room * .98)));
  return { left: inside(x - layer.width / 2, width - layer.width), top: inside(top, height - layer.height) };
}

/** A soft shadow as a layer for sharp: an ellipse below what stands, else the object's own shape a little lower. */
async function shadowOf(layer) {
  if (layer.area !== 'stand') return ownShadow(layer);
  const [width, height] = [Math.round(layer.width * 1.06), Math.max(8, Math.round(layer.width * .16))];
  const stops = '<stop stop-opacity=".38"/><stop offset="1" stop-opacity="0"/>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <radialGradient id="s">${stops}</radialGradient><ellipse cx="50%" cy="50%" rx="50%" ry="50%" fill="url(#s)"/></svg>`;
  const left = Math.round(layer.left + (layer.width - width) / 2);
  return { input: Buffer.from(svg), left, top: Math.round(layer.top + layer.height - height * .6) };
}

async function ownShadow(layer) {
  const blur = Math.max(2, layer.height / 40);
  const margin = Math.ceil(blur * 3);
  const edges = { top: margin, bottom: margin, left: margin, right: margin, background: TRANSPARENT };
  const dark = await rawImage(layer).linear([0, 0, 0, .3], [0, 0, 0, 0]).extend(edges).blur(blur).png().toBuffer();
  return { input: dark, left: layer.left - margin, top: layer.top - margin + Math.round(layer.height / 28) };
}

/** The objects as RGBA layers with their place, those further down in front. */
async function drawLayers({ objects, areas, style, size, random }) {
  const layers = [];
  for (const [i, place] of layOut(objects, areas, { size, random }).entries()) {
    const { concept, tint } = objects[i];
    const drawn = await drawCut(style, concept);
    const loose = place.area !== 'stand' && place.area !== 'sail';
    const mirror = random() < .25 && concept.group === 'animals-nature';
    const angle = loose ? Math.round(between(random, -9, 9)) : 0;
    const layer = await pose(drawn.cut, { px: place.px, tint, mirror, angle });
    layers.push({ ...layer, ...anchor(layer, place, size), area: place.area, style: drawn.style, concept, tint });
  }
  return layers.sort((a, b) => a.top + a.height - b.top - b.height);
}

/**
 * Composes one picture of size [width, height] in one style → {image: sharp, objects: the truth about each}.
 * @param cutOut leaves the ground transparent
 */
export async function composePicture({ ground, objects }, { style, size, random, cutOut }) {
  const [width, height] = size;
  const { svg, areas } = GROUNDS[ground](random, height / width);
  const layers = await drawLayers({ objects, areas, style, size, random });
  const overlays = [];
  for (const layer of layers) {
    if (!cutOut && (layer.area === 'stand' || layer.area === 'free')) overlays.push(await shadowOf(layer));
    const raw = { width: layer.width, height: layer.height, channels: 4 };
    overlays.push({ input: layer.data, raw, left: layer.left, top: layer.top });
  }
  const below = cutOut
    ? sharp({ create: { width, height, channels: 4, background: TRANSPARENT } })
    : sharp(Buffer.from(svg), { density: 72 * 8 }).resize(width, height, { fit: 'fill' }).removeAlpha();
  return { image: sharp(await below.composite(overlays).png().toBuffer()), objects: describe(layers, size) };
}

/** What each layer shows, and the bbox and mask of its visible part; later layers cover earlier ones. */
function describe(layers, [width, height]) {
  const owner = new Uint8Array(width * height);
  for (const [index, layer] of layers.entries()) {
    for (let i = 0; i < layer.width * layer.height; i++) {
      const [x, y] = [layer.left + (i % layer.width), layer.top + Math.floor(i / layer.width)];
      if (layer.data[4 * i + 3] > 127 && x < width && y < height) owner[y * width + x] = index + 1;
    }
  }
  return layers.map(({ concept: { label, hex }, style, tint }, index) => {
    const mask = owner.map(value => (value === index + 1 ? 1 : 0));
    const shape = { bbox: bboxOf(mask, width, height), mask: encodeRle(mask, width, height) };
    return { label, hex, style, ...(tint && { tint }), ...shape };
  });
}
