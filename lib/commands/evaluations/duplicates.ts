/**
 * Near duplicates on truth-known edits: are a half, a recompressed, a cut and a recoloured copy grouped with their
 * picture, and do different pictures stay apart? 280 scenes and the 120 demo pictures with the embedded model; 200
 * photographs of ../shared/data (or LOOKBOOK_ICONIC200) with mobilenet-v2 as a set of its own. And the hardest: drawings of
 * one family, clocks and faces that differ in a hand or a mouth alone.
 *
 * Where the manifests' `duplicates` come from: 200 scenes of another seed (12) and the demo pictures for pictoclip, these
 * photographs for the others, so that the demo pictures' and the photographs' figures are in-sample. 99 % of the edits have
 * a cosine of at least .89 and .91 by pictoclip (limit .85), .81 by mobilenet-v2 (.8), .87 by mobilenet-v2-words (.85); of
 * different pairs one in 1,000 comes above .87 and .89, .82, and .998: the words' cosine tells so little of photographs of
 * one class that 14 bits may differ instead of 16.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { seeded } from '../../arithmetic/seeded.js';
import { type Edit, edited, png } from '../../decoders/image.js';
import { openLookbook } from '../../lookbook.js';
import { projectPath } from '../../paths.js';
import type { Duplicates } from '../../types.js';
import type { Figures, Measure } from '../figures.js';
import { openWorkplace, type Workplace } from '../many-pictures.js';
import { writeCleanIcons } from '../scenes/files.js';
import { openIcons } from '../scenes/icons.js';
import { drawScenes } from '../scenes/scenes.js';

/** A picture with a name that no other has. */
interface Original {
  name: string;
  bytes: Uint8Array;
}

const SCENES = 280;
const SEED = 11;

/** The same photograph twice, seen by eye: a tower with its sides blurred, a tractor saved anew, a tower a moment later. */
const TWINS = [
  ['23-jpg', '30-jpg'],
  ['46-jpg', '51-jpg'],
  ['24-jpg', '34-jpg'],
];

/** A cut takes 5 % off both sides, anywhere; a shift takes red up and blue down by 10 %. */
const EDITS: Record<string, (random: () => number) => Edit> = {
  resize: () => ({ scale: 0.5 }),
  recompress: () => ({ quality: 40 }),
  crop: (random) => ({ crop: { share: 0.95, x: random(), y: random() } }),
  shift: () => ({ gains: [1.1, 1, 0.9] }),
  brighten: () => ({ gains: [1.1, 1.1, 1.1] }),
};

export const measure: Measure = async (say) => {
  const scenes = await sceneOriginals(say);
  const demo = await demoOriginals();
  const figures = await measureSet([...scenes, ...demo], {
    encoders: { duplicates: 'pictoclip' },
    say,
  });
  return { ...figures, ...(await family(say)), ...(await photographs(say)) };
};

/** All of them are different: the share that is put into groups nevertheless. */
async function family(say: (line: string) => void): Promise<Figures> {
  const workplace = await openWorkplace();
  try {
    const drawn = await writeCleanIcons(workplace.pictures, await openIcons(say));
    const { groups } = await findIn(workplace.pictures, 'pictoclip', workplace);
    const grouped = groups.reduce((sum, { pictures }) => sum + pictures.length, 0);
    say(`${drawn.size} drawings of one family: ${groups.length} groups, ${grouped} drawings in them`);
    return { 'duplicates.family.grouped': grouped / drawn.size };
  } finally {
    await workplace.remove();
  }
}

async function sceneOriginals(say: (line: string) => void): Promise<Original[]> {
  const originals: Original[] = [];
  for (const { pixels } of drawScenes(await openIcons(say), { count: SCENES, seed: SEED }))
    originals.push({ name: `scene-${originals.length}`, bytes: await png(pixels) });
  return originals;
}

async function demoOriginals(): Promise<Original[]> {
  const images = projectPath('images');
  const files = (await readdir(images, { recursive: true })).filter((file) =>
    /\.(jpe?g|png|webp)$/.test(file),
  );
  return Promise.all(
    files.sort().map(async (file) => ({
      name: `demo-${file.replaceAll('/', '-').replaceAll('.', '-')}`,
      bytes: await readFile(join(images, file)),
    })),
  );
}

async function photographs(say: (line: string) => void): Promise<Figures> {
  const folder = projectPath(process.env.LOOKBOOK_ICONIC200 || '../shared/data/iconic200');
  if (!existsSync(join(folder, 'labels.json'))) {
    say(`SKIPPED photographs: no labels.json in ${folder}; name their folder in LOOKBOOK_ICONIC200`);
    return {};
  }
  process.env.LOOKBOOK_MODELS ||= join(folder, '../models');
  const files = Object.keys(JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')));
  const originals = await Promise.all(
    files.map(async (file) => ({
      name: file.replace('.', '-'),
      bytes: await readFile(join(folder, file)),
    })),
  );
  return measureSet(originals, {
    encoders: {
      'duplicates.photographs': 'mobilenet-v2',
      'duplicates.photographs.words': 'mobilenet-v2-words',
    },
    say,
  });
}

interface SetOptions {
  /** By what the figures' names begin with. */
  encoders: Record<string, string>;
  say: (line: string) => void;
}

async function measureSet(originals: readonly Original[], { encoders, say }: SetOptions): Promise<Figures> {
  const workplace = await openWorkplace();
  const figures: Figures = {};
  try {
    await writeEdits(originals, workplace.pictures);
    for (const [name, encoder] of Object.entries(encoders)) {
      say(
        `${name}: ${originals.length} pictures and ${Object.keys(EDITS).length} edits of each, by ${encoder}`,
      );
      const alone = await findIn(join(workplace.pictures, 'original'), encoder, workplace);
      const found = await findIn(workplace.pictures, encoder, workplace);
      say(`limits: ${found.limits.bits} of 64 bits, cosine ${found.limits.cosine}`);
      Object.assign(figures, figuresOf({ name, alone, found, say, originals: originals.length }));
    }
    return figures;
  } finally {
    await workplace.remove();
  }
}

/** The store is kept between two calls, so that the originals are encoded once. */
async function findIn(images: string, encoder: string, { folder, masks }: Workplace): Promise<Duplicates> {
  const chroma = `flat:${join(folder, 'store')}`;
  const book = await openLookbook({ name: 'duplicates', chroma, images, masks, encoder, segmenter: null });
  await book.index();
  const found = await book.duplicates({ kind: 'near' });
  await book.close();
  return found;
}

/** original/<name>.<ending> and <edit>/<name>.<ending>: a file's name is its truth. */
async function writeEdits(originals: readonly Original[], folder: string): Promise<void> {
  const random = seeded(SEED);
  for (const part of ['original', ...Object.keys(EDITS)])
    await mkdir(join(folder, part), { recursive: true });
  for (const { name, bytes } of originals) {
    await writeFile(join(folder, 'original', `${name}.png`), bytes);
    for (const [edit, how] of Object.entries(EDITS))
      await writeFile(join(folder, edit, `${name}.png`), await edited(bytes, how(random)));
  }
}

/**
 * recall: edits in one group with their original. false_groups: groups that hold two different pictures, as a share of
 * the different pictures; among the originals alone, where every group is false, and among all with their edits.
 */
function figuresOf(of: {
  name: string;
  alone: Duplicates;
  found: Duplicates;
  originals: number;
  say: (line: string) => void;
}): Figures {
  const { name, alone, found, originals, say } = of;
  const together = Object.fromEntries(Object.keys(EDITS).map((edit) => [edit, 0]));
  for (const paths of groupPaths(found)) {
    const known = new Set(paths.filter((path) => editOf(path) === 'original').map(originalOf));
    for (const path of paths)
      if (editOf(path) !== 'original' && known.has(originalOf(path))) together[editOf(path)]!++;
  }
  const mixed = (duplicates: Duplicates): string[][] => groupPaths(duplicates).filter(isMixed);
  for (const paths of [...mixed(alone), ...mixed(found)])
    say(`false group: ${[...new Set(paths.map(originalOf))].join(', ')}`);
  const right = Object.values(together).reduce((sum, edits) => sum + edits, 0);
  const edits = Object.keys(EDITS).length;
  return {
    [`${name}.recall`]: right / (edits * originals),
    ...Object.fromEntries(
      Object.entries(together).map(([edit, count]) => [`${name}.recall.${edit}`, count / originals]),
    ),
    [`${name}.false_groups`]: mixed(alone).length / originals,
    [`${name}.false_groups.with_edits`]: mixed(found).length / originals,
  };
}

function groupPaths({ groups }: Duplicates): string[][] {
  return groups.map(({ pictures }) => pictures.flatMap(({ paths }) => paths));
}

function isMixed(paths: readonly string[]): boolean {
  const [first, ...others] = new Set(paths.map(originalOf));
  return others.some((other) => !TWINS.some((twins) => twins.includes(first!) && twins.includes(other)));
}

function originalOf(path: string): string {
  return basename(path, '.png');
}

function editOf(path: string): string {
  return path.split('/').at(-2)!;
}
