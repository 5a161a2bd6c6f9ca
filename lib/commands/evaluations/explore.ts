/**
 * What a map tells by itself: do its clusters agree with true groups, and is a word called missing that has no picture? On
 * the demo pictures, whose objects are known with their CLDR groups, and on drawings, one a concept.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adjustedRandIndex } from '../../arithmetic/rand-index.js';
import { clustersOf, findClusters } from '../../exploring/clusters.js';
import { project } from '../../exploring/projection.js';
import { type Lookbook, openLookbook } from '../../lookbook.js';
import { readMasks } from '../../mask-files.js';
import { imageIdOf } from '../../rows.js';
import { backgroundPrompts } from '../../searching/background-prompts.js';
import type { MapView } from '../../types.js';
import { iouOf, maskFingerprint, readDemoTruth, type TrueObject } from '../demo-truth.js';
import { openEyes } from '../embedded/eyes.js';
import { cleanIcons } from '../embedded/words.js';
import type { Figures, Measure } from '../figures.js';
import { type Concept, openIcons } from '../scenes/icons.js';

/** Path below the demo pictures → what is in the picture. */
type Truth = ReadonlyMap<string, readonly TrueObject[]>;

const SAME_IOU = 0.5;

export const measure: Measure = async (say) => {
  const truth = await readTruth();
  const groupOf = groupsOf((await openIcons(say)).concepts);
  const masks = await mkdtemp(join(tmpdir(), 'lookbook-evaluate-'));
  const config = { name: 'evaluate', chroma: 'memory:', images: 'images', masks, encoder: 'pictoclip' };
  const book = await openLookbook(config);
  try {
    await book.index();
    const pictures = await book.explore({ page: false, again: true });
    const segments = await book.explore({ of: 'segments', page: false, again: true });
    const largest = (path: string): string | undefined => groupOf(truth.get(path)?.[0]?.hex);
    const found = await objectsOf(segments, truth, masks);
    return {
      'map.clusters_ari': agreement(pictures, (_, path) => largest(path), say),
      'map.clusters_ari.folder': agreement(pictures, (_, path) => path.split('/')[0]),
      'map.clusters_ari.segments': agreement(segments, (id) => groupOf(found.get(id)?.hex), say),
      ...(await drawings(say)),
      ...(await covered(book, truth, say)),
    } satisfies Figures;
  } finally {
    await book.close();
    await rm(masks, { recursive: true, force: true });
  }
};

/** The largest object first. */
async function readTruth(): Promise<Truth> {
  const { pictures } = await readDemoTruth();
  const area = ({ bbox }: TrueObject): number => bbox.width * bbox.height;
  return new Map(pictures.map(({ path, objects }) => [path, [...objects].sort((a, b) => area(b) - area(a))]));
}

function groupsOf(concepts: readonly Concept[]): (hex: string | undefined) => string | undefined {
  const byHex = new Map(concepts.map(({ hex, group }) => [hex, group]));
  return (hex) => (hex === undefined ? undefined : byHex.get(hex));
}

/** Of the points whose true group is known; all that are scattered count as one group. */
function agreement(
  view: MapView,
  groupOf: (id: string, path: string) => string | undefined,
  say?: (line: string) => void,
): number {
  const { clusters, scattered } = clustersOf(view);
  const clusterOf = new Map(clusters.flatMap(({ name, ids }) => ids.map((id) => [id, name] as const)));
  const known = view.points.flatMap(({ id, title }) => {
    const group = groupOf(id, demoPath(title));
    return group === undefined ? [] : [{ group, cluster: clusterOf.get(id) ?? '' }];
  });
  const names = clusters.map(({ name, ids }) => `${name} ${ids.length}`).join(', ');
  say?.(`${view.title}: ${clusters.length} clusters (${names}), ${scattered.length} scattered`);
  say?.(`  ${known.length} of known group, ${new Set(known.map(({ group }) => group)).size} groups`);
  return adjustedRandIndex(
    known.map(({ group }) => group),
    known.map(({ cluster }) => cluster),
  );
}

function demoPath(path: string): string {
  return path.split(/[/\\]/).slice(-2).join('/');
}

/** The object that each segment shows, by segmentId. */
async function objectsOf(view: MapView, truth: Truth, masks: string): Promise<Map<string, TrueObject>> {
  const fingerprint = await maskFingerprint();
  const found = new Map<string, TrueObject>();
  for (const { id, title } of view.points) {
    const file = await readMasks(masks, fingerprint, imageIdOf(id));
    const segment = file?.segments.find(({ segmentId }) => segmentId === id);
    if (!segment) continue;
    const objects = truth.get(demoPath(title)) ?? [];
    const best = objects
      .map((object) => ({ object, iou: iouOf(object.mask, segment.mask) }))
      .sort((a, b) => b.iou - a.iou)[0];
    if (best && best.iou >= SAME_IOU) found.set(id, best.object);
  }
  return found;
}

/** One clean drawing of each concept, by the groups and the subgroups of Unicode. */
async function drawings(say: (line: string) => void): Promise<Figures> {
  const eyes = await openEyes(say);
  try {
    const { pictures } = await cleanIcons(eyes);
    const clusters = await findClusters((await project(pictures)).points);
    const concepts = eyes.icons.drawn.map((concept) => eyes.icons.concepts[concept]!);
    const count = new Set(clusters.filter((cluster) => cluster >= 0)).size;
    const scattered = clusters.filter((cluster) => cluster < 0).length;
    say(`${concepts.length} drawings: ${count} clusters, ${scattered} scattered`);
    return {
      'map.clusters_ari.icons': adjustedRandIndex(
        concepts.map(({ group }) => group),
        clusters,
      ),
      'map.clusters_ari.icon_subgroups': adjustedRandIndex(
        concepts.map(({ subgroup }) => subgroup),
        clusters,
      ),
    };
  } finally {
    await Promise.all([eyes.encoder.close(), eyes.segmenter.close()]);
  }
}

/** Each label that a demo picture has must have a picture; as many words of things that are in none must not. */
async function covered(book: Lookbook, truth: Truth, say: (line: string) => void): Promise<Figures> {
  const labels = [...new Set([...truth.values()].flat().map(({ label }) => label.toLowerCase()))].sort();
  // A word that shares one with a label could be in a picture all the same.
  const parts = new Set(labels.flatMap((label) => label.split(' ')));
  const absent = backgroundPrompts.filter((word) => !word.split(/[^a-z]+/).some((part) => parts.has(part)));
  const step = absent.length / labels.length;
  const others = labels.map((_, at) => absent[Math.floor(at * step)]!);
  const share = async (words: readonly string[], answered: boolean): Promise<number> => {
    const { lines } = await book.coverage(words);
    const wrong = lines.filter(({ answers }) => answers > 0 !== answered).map(({ word }) => word);
    say(`${answered ? 'called missing' : 'found, though not there'}: ${wrong.join(', ')}`);
    return 1 - wrong.length / words.length;
  };
  return {
    'coverage.there': await share(labels, true),
    'coverage.not_there': await share(others, false),
  };
}
