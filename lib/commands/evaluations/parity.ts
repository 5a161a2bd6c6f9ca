/** What pictures, texts and tiny models come to here, against what the reference implementations answer. */
import type { Figures, Measure } from '../figures.js';
import { pictureCosines } from '../golden/cosines.js';
import { everythingDifferences } from '../golden/everything.js';
import { type GoldenFolder, largeGolden, SMALL } from '../golden/folder.js';
import { graphDifferences } from '../golden/graph-differences.js';
import { labelWordsDifferences } from '../golden/label-words.js';
import { panopticDifferences, semanticDifferences } from '../golden/map-differences.js';
import { modelDifferences } from '../golden/model-differences.js';
import { pixelDifferences, pixelFigures } from '../golden/pixel-differences.js';
import { sentenceDifferences } from '../golden/sentences.js';
import { tokenDifferences } from '../golden/token-differences.js';

/** Each figure is the worst of all sets of golden values that are there. */
export const measure: Measure = async (say) => {
  const large = largeGolden();
  if (!large)
    say('no large set of golden values here (LOOKBOOK_GOLDEN names one): only those that ship count');
  const sets = [SMALL, ...(large ? [large] : [])];
  return {
    ...(await pixels(sets, say)),
    ...(await cosines(sets, say)),
    ...(await tokens(sets, say)),
    ...(await models(sets, say)),
    ...(await maps(large, say)),
    ...(await everything(large, say)),
  } satisfies Figures;
};

type Say = Parameters<Measure>[0];

async function pixels(sets: readonly GoldenFolder[], say: Say): Promise<Figures> {
  const differences = (await Promise.all(sets.map(pixelDifferences))).flat();
  const families = new Set(differences.map(({ family }) => family));
  say(`pixels: ${differences.length} pictures of ${families.size} families, from ${paths(sets)}`);
  const worst = [...differences].sort((a, b) => b.max - a.max)[0]!;
  say(`  furthest: ${worst.image} for ${worst.family}, ${worst.max.toFixed(1)} of 255`);
  return pixelFigures(differences);
}

async function cosines(sets: readonly GoldenFolder[], say: Say): Promise<Figures> {
  const found = (await Promise.all(sets.map(pictureCosines))).flat();
  const worst = [...found].sort((a, b) => a.cosine - b.cosine)[0]!;
  say(
    `cosine through a tiny CLIP: ${found.length} pictures, least ${worst.cosine.toFixed(5)} (${worst.image})`,
  );
  return { 'parity.cosine_min': worst.cosine };
}

async function tokens(sets: readonly GoldenFolder[], say: Say): Promise<Figures> {
  const found = await Promise.all(sets.map(tokenDifferences));
  const [hf, openClip] = [found.flatMap(({ hf }) => hf), found.flatMap(({ openClip }) => openClip)];
  say(`token ids: ${found.reduce((sum, { texts }) => sum + texts, 0)} texts`);
  for (const { tokenizer, text } of [...hf, ...openClip]) say(`  other ids (${tokenizer}): ${text}`);
  return { 'parity.tokens.hf_different': hf.length, 'parity.tokens.open_clip_different': openClip.length };
}

async function models(sets: readonly GoldenFolder[], say: Say): Promise<Figures> {
  const encoders = [
    ...(await Promise.all(sets.map(modelDifferences))).flat(),
    ...(await sentenceDifferences()),
    ...(await labelWordsDifferences()),
  ];
  const graphs = (
    await Promise.all(sets.filter(({ size }) => size === 'large').map(graphDifferences))
  ).flat();
  const masks = graphs.filter(({ isMask }) => isMask);
  const others = graphs.filter(({ isMask }) => !isMask);
  say(`tiny models: ${encoders.length} encoders, ${new Set(graphs.map(({ model }) => model)).size} graphs`);
  if (masks.length === 0) say('  SKIPPED parity.masks.max_abs: its models are in the large set only');
  return {
    'parity.models.max_abs': Math.max(
      ...encoders.flatMap(({ pictures, words, logits }) => [pictures, words, logits]),
      ...others.map(({ max }) => max),
    ),
    ...(masks.length ? { 'parity.masks.max_abs': Math.max(...masks.map(({ max }) => max)) } : {}),
  };
}

/** Pixels of all pictures whose class or segment is not the reference's. */
async function maps(large: GoldenFolder | undefined, say: Say): Promise<Figures> {
  if (!large) {
    say('  SKIPPED parity.semantic and parity.panoptic: their maps are in the large set only');
    return {};
  }
  const [semantic, panoptic] = [await semanticDifferences(large), await panopticDifferences(large)];
  say(`maps: ${semantic.length} of classes, ${panoptic.length} of segments`);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return {
    'parity.semantic.different_pixels': sum(semantic.map(({ different }) => different)),
    'parity.panoptic.different_pixels': sum(panoptic.map(({ different }) => different)),
    'parity.panoptic.different_segments': sum(panoptic.map(({ segments }) => segments)),
  };
}

/** SAM's mask generator: predicted IoUs, and masks of single points and of the whole picture. */
async function everything(large: GoldenFolder | undefined, say: Say): Promise<Figures> {
  if (!large) {
    say('  SKIPPED parity.everything: its masks are in the large set only');
    return {};
  }
  const found = await everythingDifferences(large);
  const [chosen, expected] = [found.map(({ chosen }) => chosen), found.map(({ expected }) => expected)];
  say(`everything: ${chosen.join(' and ')} masks stay, in the reference ${expected.join(' and ')}`);
  return {
    'parity.everything.scores_max_abs': Math.max(...found.map(({ scores }) => scores)),
    'parity.everything.iou_min': Math.min(
      ...found.map(({ iouMin, chosenIouMin }) => Math.min(iouMin, chosenIouMin)),
    ),
  };
}

function paths(sets: readonly GoldenFolder[]): string {
  return sets.map(({ path }) => path).join(' and ');
}
