// The icon sets and their words: what a concept is, and how it looks in each set.
// `node icons.mjs DIR` writes DIR/concepts.json and DIR/icons-<set>.bin (uint8 RGBA [concepts, 96, 96, 4]).
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** Sets that say which concepts there are, in order of trust: progress is measured on the first one. */
export const SETS = ['noto', 'fluent-emoji', 'fluent-emoji-flat', 'twemoji', 'emojione'];
/** Older and smaller sets, and two of one colour (drawn white here, painted by drawing.py): other hands for the same. */
export const MORE_SETS = [
  'noto-v1', 'fxemoji', 'streamline-emojis', 'emojione-monotone', 'fluent-emoji-high-contrast',
];
/** Languages besides English whose labels and keywords are learnt, as CLDR names them. */
export const LANGUAGES = ['de', 'fr', 'es', 'it', 'pt', 'ru', 'hi', 'zh', 'ja'];
/** Pixels of the stored training icons; world.py reads the same number. */
export const ICON_PX = 96;

const packages = path.join(path.dirname(fileURLToPath(import.meta.url)), 'node_modules');
const readJson = (...parts) => JSON.parse(fs.readFileSync(path.join(packages, ...parts), 'utf8'));

const loaded = new Map();
/** The drawings of a set, read once: the largest file has 90 MB. */
function iconSet(set) {
  if (!loaded.has(set)) loaded.set(set, readJson('@iconify-json', set, 'icons.json'));
  return loaded.get(set);
}

/** "1F469-FE0F" → "1f469": lower case, no variation selectors, no leading zeros. */
function plainCode(code) {
  return code.toLowerCase().split('-').filter(part => part !== 'fe0f').map(part => part.replace(/^0+/, '')).join('-');
}

function slug(text) {
  const plain = text.toLowerCase().normalize('NFD').replace(/[\u0300-\u036f]/g, '');
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
}

/** {name: code} from everything that gives an icon name a character: the sets' own tables, labels, Unicode names. */
function codesByName(tables, emojis) {
  const codes = {};
  for (const [set, table] of Object.entries(tables)) {
    for (const [code, name] of Object.entries(table)) codes[name] ??= plainCode(code);
    for (const [alias, { parent }] of Object.entries(iconSet(set).aliases ?? {})) {
      if (codes[parent]) codes[alias] ??= codes[parent];
    }
  }
  for (const { label, hexcode } of emojis) codes[slug(label)] ??= plainCode(hexcode);
  for (const [code, name] of Object.entries(readJson('emojibase-data', 'meta', 'unicode-names.json'))) {
    codes[slug(name)] ??= plainCode(code);
  }
  return codes;
}

/** {language: {character: {tts: [label], default: [keyword]}}} of CLDR. */
function annotationsOf(language) {
  const file = readJson('cldr-annotations-full', 'annotations', language, 'annotations.json');
  return file.annotations.annotations;
}

/** {language: {label, tags}} of a character, where CLDR has them. */
function inLanguages(emoji, annotations) {
  const found = LANGUAGES.flatMap(language => {
    const words = annotations[language][emoji.replace(/\ufe0f/g, '')] ?? annotations[language][emoji];
    return words?.tts ? [[language, { label: words.tts[0], tags: words.default ?? [] }]] : [];
  });
  return Object.fromEntries(found);
}

/** {set: {code: icon name}}. Sets without a character table of their own are matched by name. */
function iconNames(emojis) {
  const sets = [...SETS, ...MORE_SETS];
  const tables = Object.fromEntries(sets.map(set => [set, readJson('@iconify-json', set, 'chars.json')]));
  const codes = codesByName(tables, emojis);
  const withoutHyphens = Object.fromEntries(Object.entries(codes).map(([name, code]) => [name.replaceAll('-', ''), code]));
  return Object.fromEntries(sets.map(set => {
    const names = {};
    for (const [code, name] of Object.entries(tables[set])) names[plainCode(code)] ??= name;
    if (Object.keys(names).length === 0) {
      const { icons, aliases = {} } = iconSet(set);
      for (const name of [...Object.keys(icons), ...Object.keys(aliases)]) {
        const code = codes[name] ?? withoutHyphens[name];
        if (code) names[code] ??= name;
      }
    }
    return [set, names];
  }));
}

/** Leaves out flags, components, skin tones, and the gender and couple variants. */
function isConcept({ group, hexcode, label }) {
  const parts = plainCode(hexcode).split('-');
  const isVariant = parts.some(part => /^(1f3f[b-f]|2640|2642)$/.test(part))
    || (parts.length > 1 && /^((man|woman|men|women)\b|family|kiss:|couple with heart:)/.test(label));
  return group !== undefined && group !== 2 && group !== 9 && !isVariant;
}

/**
 * Every concept that at least two of SETS draw, in Unicode's order:
 * {hex, label, names, tags, group, subgroup, icons: {set: icon name}, languages: {language: {label, tags}}};
 * names = label and CLDR's short name.
 */
export function collectConcepts() {
  const emojis = readJson('emojibase-data', 'en', 'data.json');
  const { groups, subgroups } = readJson('emojibase-data', 'meta', 'groups.json');
  const annotations = Object.fromEntries(['en', ...LANGUAGES].map(language => [language, annotationsOf(language)]));
  const namesOf = iconNames(emojis);
  const concepts = [];
  for (const emoji of emojis.filter(isConcept)) {
    const hex = plainCode(emoji.hexcode);
    const icons = {};
    for (const set of [...SETS, ...MORE_SETS]) {
      const name = namesOf[set][hex];
      if (name && (iconSet(set).icons[name] ?? iconSet(set).aliases?.[name])) icons[set] = name;
    }
    if (SETS.filter(set => icons[set]).length < 2) continue;
    const cldr = annotations.en[emoji.emoji.replace(/\ufe0f/g, '')] ?? annotations.en[emoji.emoji];
    const lower = words => [...new Set(words.map(word => word.toLowerCase()))];
    concepts.push({
      hex, label: emoji.label, names: lower([emoji.label, cldr?.tts?.[0] ?? emoji.label]),
      tags: lower([...(emoji.tags ?? []), ...(cldr?.default ?? [])]),
      group: groups[emoji.group], subgroup: subgroups[emoji.subgroup], icons,
      languages: inLanguages(emoji.emoji, annotations),
    });
  }
  return concepts;
}

/** One icon as RGBA uint8 [px, px, 4], not premultiplied, transparent where nothing is drawn. */
export function drawIcon(set, name, px) {
  const { icons, aliases = {}, width: commonWidth = 16, height: commonHeight = 16 } = iconSet(set);
  const icon = icons[name] ?? icons[aliases[name].parent];
  const [width, height] = [icon.width ?? commonWidth, icon.height ?? commonHeight];
  const drawnPx = px < 256 ? 2 * px : px; // small ones are drawn twice as large and averaged
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" color="white" width="${drawnPx}"
    height="${drawnPx}" viewBox="${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}">${icon.body}</svg>`;
  return sharp(Buffer.from(svg), { unlimited: true })
    .resize(px, px, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } }).ensureAlpha().raw().toBuffer();
}

/** Writes concepts.json and one icon file per set into the folder. */
async function writeWork(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const concepts = collectConcepts();
  fs.writeFileSync(path.join(folder, 'concepts.json'), JSON.stringify(concepts));
  for (const set of [...SETS, ...MORE_SETS]) {
    const pixels = Buffer.alloc(concepts.length * ICON_PX * ICON_PX * 4);
    for (const [index, { icons }] of concepts.entries()) {
      if (icons[set]) (await drawIcon(set, icons[set], ICON_PX)).copy(pixels, index * ICON_PX * ICON_PX * 4);
    }
    fs.writeFileSync(path.join(folder, `icons-${set}.bin`), pixels);
    console.log(set, concepts.filter(({ icons }) => icons[set]).length, 'icons of', concepts.length, 'concepts');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeWork(process.argv[2] ?? path.join(path.dirname(packages), '.work'));
}
