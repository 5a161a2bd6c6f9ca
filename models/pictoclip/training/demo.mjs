// Draws the demo pictures and writes down what is in them: images/ and test/fixtures/demo-truth.json of this
// repository, the same bytes each time. `node demo.mjs FOLDER` writes below another folder.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_QUERY, FOLDERS, FORMATS, QUERIES } from './demo-casts.mjs';
import { composePicture, readCast } from './demo-picture.mjs';
import { collectConcepts } from './icons.mjs';

const SIZES = [[640, 640], [720, 540], [768, 512], [540, 720], [720, 540], [600, 600]];
/** One hand per picture, in turn. */
const STYLES = ['noto', 'fluent-emoji-flat', 'noto', 'fluent-emoji', 'noto', 'twemoji', 'noto', 'fluent-emoji',
  'emojione', 'noto', 'fluent-emoji-flat'];
/** How a format of demo-casts.mjs is stored: the ending, and sharp's steps. */
const STORED = {
  jpeg: ['jpg', image => image.jpeg({ quality: 84 })],
  progressive: ['jpg', image => image.jpeg({ quality: 84, progressive: true })],
  grey: ['jpg', image => image.grayscale().toColourspace('b-w').jpeg({ quality: 84 })],
  turned: ['jpg', image => image.rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 84 })],
  webp: ['webp', image => image.webp({ quality: 82 })],
  png: ['png', image => image.png({ palette: true, colours: 128, effort: 10 })],
  cutOut: ['png', image => image.png({ palette: true, effort: 10 })],
};

/** Random numbers 0..1 from a seed (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Does an object of the truth, with its concept, satisfy a query of demo-casts.mjs? */
function satisfies({ label, tint }, { subgroup }, query) {
  const fits = (pattern, text) => !pattern || new RegExp(pattern).test(text);
  const excluded = query.not && new RegExp(query.not).test(label);
  const tinted = !query.tint || query.tint === tint;
  return !excluded && tinted && fits(query.label, label) && fits(query.subgroup, subgroup);
}

/** → {text, paths of all right pictures} */
function answer(query, pictures, concepts) {
  const parts = query.all ? query.all.map(label => ({ label })) : [query];
  const shows = (objects, part) => objects.some(object => satisfies(object, concepts.get(object.label), part));
  const right = pictures.filter(({ objects }) => parts.every(part => shows(objects, part)));
  return { text: query.text, paths: right.map(picture => picture.path) };
}

/** One line per object and per query, so that a change shows where it is. */
function truthText(pictures, queries) {
  const lines = list => list.map(item => JSON.stringify(item)).join(',\n');
  const open = head => JSON.stringify(head).slice(0, -1);
  const entries = pictures.map(({ objects, ...head }) => `${open(head)},"objects":[\n${lines(objects)}\n]}`);
  const first = `"defaultQuery":${JSON.stringify(DEFAULT_QUERY)}`;
  return `{${first},\n"pictures":[\n${entries.join(',\n')}\n],\n"queries":[\n${lines(queries)}\n]}\n`;
}

async function drawAll(root) {
  const concepts = new Map(collectConcepts().map(concept => [concept.label, concept]));
  const pictures = [];
  for (const [folder, casts] of Object.entries(FOLDERS)) {
    fs.mkdirSync(path.join(root, 'images', folder), { recursive: true });
    for (const [index, line] of casts.entries()) {
      const [name, number] = [`${folder}/${String(index + 1).padStart(4, '0')}`, pictures.length];
      const format = FORMATS[name] ?? 'jpeg';
      const [style, size] = [STYLES[number % STYLES.length], SIZES[number % SIZES.length]];
      const options = { style, size, random: randomFrom(number + 1), cutOut: format === 'cutOut' };
      const { image, objects } = await composePicture(readCast(line, concepts), options);
      const [ending, encode] = STORED[format];
      await encode(image).toFile(path.join(root, 'images', `${name}.${ending}`));
      pictures.push({ path: `${name}.${ending}`, width: size[0], height: size[1], objects });
    }
  }
  const fixtures = path.join(root, 'test', 'fixtures');
  fs.mkdirSync(fixtures, { recursive: true });
  const queries = QUERIES.map(query => answer(query, pictures, concepts));
  fs.writeFileSync(path.join(fixtures, 'demo-truth.json'), truthText(pictures, queries));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await drawAll(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..'));
}
