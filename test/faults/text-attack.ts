import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  clustersOf,
  clustersTable,
  collectionsTable,
  contactSheet,
  coverageTable,
  duplicatesTable,
  estimateTable,
  evaluationPage,
  evaluationTable,
  explanationTable,
  gallery,
  type Lookbook,
  LookbookError,
  map,
  mapPage,
  outliersGallery,
  type PictureCard,
  type Query,
  reportTable,
} from '#lib/index.js';
import { reportText } from '#lib/rendering/report.js';
import { summaryText } from '#lib/rendering/summary.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { writeSemantic } from '../segmenters/tiny-graphs.js';
import { unsafe } from './text-payloads.js';

export interface TextAttack {
  tries: number;
  /** What was lost, found under another name, thrown without a reason, or would have reached a terminal as it is. */
  wrong: string[];
  worstMs: number;
  /** Everything that a notebook would show. */
  outputs: string[];
  /** The page of a map, and that of an evaluation. */
  pages: { map: string; evaluation: string };
  /** What commands would print, errors with them. */
  lines: string[];
}

export interface Hostile {
  /** Of files and of folders. */
  names: readonly string[];
  /** To be words, titles and classes. */
  texts: readonly string[];
  /** To be asked with, in every way in which a text can ask. */
  asked: readonly string[];
  /** Three labels of a segmenter. */
  labels: readonly [string, string, string];
}

/** Markup, what JavaScript knows of every object, and what a terminal would do. */
export const LABELS: Hostile['labels'] = ['<img src=x onerror=boom()>', '__proto__', '\u001b[2J\u202e'];

/** Indexes pictures under hostile names with a segmenter of hostile labels, and asks with hostile texts in every way. */
export async function attackText(hostile: Hostile): Promise<TextAttack> {
  const attack: TextAttack = {
    tries: 0,
    wrong: [],
    worstMs: 0,
    outputs: [],
    pages: { map: '', evaluation: '' },
    lines: [],
  };
  const room = await openRoom('chroma');
  const models = process.env.LOOKBOOK_MODELS;
  process.env.LOOKBOOK_MODELS = room.folder;
  try {
    await writeNasty(room.folder, hostile.labels);
    const paths = await drawNamed(room, hostile.names);
    const book = await room.open({ segmenter: 'nasty' });
    try {
      await indexNamed(book, paths, attack);
      await askAll(book, hostile.asked, attack);
      await show(book, hostile, attack);
    } finally {
      await book.close();
    }
  } finally {
    if (models === undefined) delete process.env.LOOKBOOK_MODELS;
    else process.env.LOOKBOOK_MODELS = models;
    await room.clear();
  }
  for (const line of attack.lines) {
    const found = unsafe.exec(line.replaceAll('\n', ''));
    if (found) attack.wrong.push(`a line holds ${JSON.stringify(found[0])}: ${line.slice(0, 200)}`);
    if (line.length > 20_000) attack.wrong.push(`a line of ${line.length} characters: ${line.slice(0, 100)}`);
  }
  return attack;
}

/** A segmenter that sees red, green and blue and calls them what it is told. */
async function writeNasty(folder: string, labels: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'nasty'), { recursive: true });
  const { manifest } = await writeSemantic(join(folder, 'nasty'));
  const { name: _, ...fields } = manifest;
  const files = { image: { path: 'semantic.onnx', bytes: null, sha256: null } };
  const title = labels.join(' ');
  const text = JSON.stringify({ ...fields, title, files, labels: ['ground', ...labels] });
  await writeFile(join(folder, 'nasty.json'), text);
}

/** Red, green and blue discs in turn, each of a shade of its own; every third one in a folder of its own name. */
async function drawNamed(room: Room, names: readonly string[]): Promise<string[]> {
  const paths = names.map((name, n) => (n % 3 === 0 ? `${name}/${name}.png` : `${name}.png`));
  for (const [n, path] of paths.entries()) {
    const channels = [0, 1, 2].map((channel) => (channel === n % 3 ? 255 : Math.floor(n / 3)));
    await room.draw(path, `rgb(${channels.join(',')})`);
  }
  return paths.map((path) => join(room.images, path));
}

/** They are all indexed, stay at the next run, and are found under the very names that they have. */
async function indexNamed(book: Lookbook, paths: readonly string[], attack: TextAttack): Promise<void> {
  const estimate = await book.estimate();
  const report = await book.index();
  const again = await book.index();
  attack.tries += paths.length;
  for (const { path, reason } of report.failed) attack.wrong.push(`not indexed: ${path}: ${reason}`);
  if (report.added !== paths.length) attack.wrong.push(`${report.added} of ${paths.length} added`);
  if (again.kept !== paths.length) attack.wrong.push(`${again.kept} of ${paths.length} kept`);
  const { hits } = await book.search({ text: 'red', k: 1000, minRelevance: 0, collapse: false });
  const found = new Set(hits.flatMap((hit) => hit.paths));
  for (const path of paths) if (!found.has(path)) attack.wrong.push(`not found under its name: ${path}`);
  const failed = paths.map((path) => ({ path, reason: path }));
  const told = { ...report, failed, notes: [...paths], skipped: { [paths[0]!]: 1 } };
  attack.outputs.push(reportTable(told), estimateTable({ ...estimate, skipped: told.skipped }));
  attack.lines.push(reportText(report), reportText(told));
}

/** Each way in which a text can ask, or stand beside what asks. */
function questionsOf(text: string): unknown[] {
  return [
    text,
    { terms: [{ text: 'red' }, { text, weight: -0.5 }] },
    { all: ['red', text] },
    { text: 'red', without: [text] },
    { like: text },
    { image: text },
    { text: 'red', where: { name: text } },
    { text: 'red', where: { folder: text } },
    { text: 'red', where: { label: text } },
    { text: 'red', where: { camera: text, format: text } },
    { text: 'red', where: { field: text, is: text } },
    { text: 'red', where: { [text]: text } },
    { [text]: text },
    { text: 'red', relation: text, match: text, fusion: text },
  ];
}

async function askAll(book: Lookbook, texts: readonly string[], attack: TextAttack): Promise<void> {
  for (const text of texts) {
    for (const question of questionsOf(text)) {
      const start = performance.now();
      attack.tries++;
      try {
        const { title, note = '', hits } = await book.search(question as Query, { k: 3 });
        const stages = { scan: 0, decode: 0, segment: 0, encode: 0, store: 0 };
        const run = { pictures: 1, segments: 1, imagesPerSecond: 1, stages };
        attack.lines.push(summaryText({ ...run, query: title, hits }));
        if (note.length > 1000) attack.wrong.push(`a note of ${note.length} characters`);
      } catch (error) {
        if (error instanceof LookbookError) attack.lines.push(error.message);
        else attack.wrong.push(`${JSON.stringify(question).slice(0, 200)}: ${String(error).slice(0, 300)}`);
      }
      attack.worstMs = Math.max(attack.worstMs, performance.now() - start);
    }
  }
}

/** Everything that shows names, labels, words, titles and classes. */
async function show(book: Lookbook, { texts, labels }: Hostile, attack: TextAttack): Promise<void> {
  const { outputs } = attack;
  const found = await book.search({ text: 'red', k: 100, minRelevance: 0, collapse: false, explain: true });
  const cards = await book.cards(found);
  if (cards.length === 0) attack.wrong.push('nothing to show');
  for (const label of labels) {
    const labelled = await book.search({
      text: 'red',
      where: { label },
      minRelevance: 0,
      collapse: false,
      k: 3,
    });
    if (labelled.hits.length < 3) attack.wrong.push(`nothing is found by its label ${JSON.stringify(label)}`);
    outputs.push(gallery(await book.cards(labelled), { title: labelled.title }));
  }
  outputs.push(
    gallery(cards, { title: texts[0]!, subtitle: texts[1]! }),
    contactSheet(cards, { title: texts[2]! }),
  );
  outputs.push(explanationTable(found), collectionsTable(await book.collections()));
  for (const text of texts) {
    const titled: PictureCard[] = [{ ...cards[0]!, why: text, path: text }];
    outputs.push(gallery(titled, { title: text, subtitle: text }));
  }
  const view = await book.explore({ of: 'segments', query: found, page: false });
  const pictures = await book.explore({ of: 'pictures', page: false });
  const groups = clustersOf(view);
  outputs.push(map(view), map(pictures), clustersTable(groups, await book.cards(groups)));
  attack.pages.map = mapPage({ ...view, title: texts.find((text) => text.includes('</script'))! });
  const lonely = await book.outliers({ of: 'segments' });
  outputs.push(outliersGallery(lonely, await book.cards(lonely)));
  const twice = await book.duplicates({ bits: 64, cosine: -1 });
  outputs.push(duplicatesTable(twice, await book.cards(twice)));
  const covered = await book.coverage(texts.filter((text) => text.trim() !== '' && text.length < 10_000));
  outputs.push(coverageTable(covered, await book.cards(covered)));
  const paths = found.hits.map((hit) => hit.paths[0]!);
  const classes = texts.slice(0, Math.floor(paths.length / 3)).map((text) => text.slice(0, 5000) || 'none');
  const table = Object.fromEntries(paths.map((path, n) => [path, classes[n % classes.length]!]));
  const evaluation = await book.evaluate({ labels: table, queries: { [texts[0]!]: [paths[0]!] }, k: 3 });
  outputs.push(evaluationTable(evaluation));
  attack.pages.evaluation = evaluationPage(evaluation);
}
