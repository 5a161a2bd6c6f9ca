import type { Regions } from './masks.js';
import type { Size } from './sampling.js';

/**
 * Gives each region of fewer than `least` pixels to the neighbour that it shares the longest border with, the smallest
 * first; what they come to together counts from then on. A region without neighbours stays.
 * @param regions of every pixel: none may be −1.
 */
export function mergeSmallRegions(regions: Regions, size: Size, least: number): Regions {
  const { classes, regionOf } = regions;
  const sizes = [...regions.sizes];
  const isSmall = Uint8Array.from(sizes, (pixels) => Number(pixels < least));
  const borders = bordersOf(regions, size, isSmall);
  const into = classes.map((_, region) => region);
  if (borders.size === 0) return regions;
  const smallest = [...borders.keys()].sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  for (const region of smallest) {
    if (sizes[region]! >= least) continue;
    const lengths = new Map<number, number>();
    for (const [other, length] of borders.get(region)!) {
      const owner = ownerOf(other, into);
      if (owner !== region) lengths.set(owner, (lengths.get(owner) ?? 0) + length);
    }
    const neighbour = longest(lengths);
    if (neighbour === undefined) continue;
    into[region] = neighbour;
    sizes[neighbour]! += sizes[region]!;
    const theirs = borders.get(neighbour);
    if (theirs) for (const [other, length] of lengths) theirs.set(other, (theirs.get(other) ?? 0) + length);
  }
  return numbered(regionOf, classes, into);
}

/** Pairs of neighbouring pixels between each small region and its neighbours. */
function bordersOf(
  { regionOf }: Regions,
  { width, height }: Size,
  isSmall: Uint8Array,
): Map<number, Map<number, number>> {
  const borders = new Map<number, Map<number, number>>();
  const add = (region: number, other: number): void => {
    if (!isSmall[region]) return;
    const own = borders.get(region) ?? new Map<number, number>();
    own.set(other, (own.get(other) ?? 0) + 1);
    borders.set(region, own);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const region = regionOf[at]!;
      const right = x + 1 < width ? regionOf[at + 1]! : region;
      const below = y + 1 < height ? regionOf[at + width]! : region;
      if (right !== region) {
        add(region, right);
        add(right, region);
      }
      if (below !== region) {
        add(region, below);
        add(below, region);
      }
    }
  }
  return borders;
}

function longest(lengths: ReadonlyMap<number, number>): number | undefined {
  let best: number | undefined;
  for (const [region, length] of lengths) {
    const most = best === undefined ? 0 : lengths.get(best)!;
    if (length > most || (length === most && region < best!)) best = region;
  }
  return best;
}

function ownerOf(region: number, into: readonly number[]): number {
  let owner = region;
  while (into[owner] !== owner) owner = into[owner]!;
  return owner;
}

/** The regions that are left, numbered from 0 in their old order. */
function numbered(regionOf: Int32Array, classes: readonly number[], into: readonly number[]): Regions {
  const owners = into.map((_, region) => ownerOf(region, into));
  const left = [...new Set(owners)].sort((a, b) => a - b);
  const numbers = new Map(left.map((region, number) => [region, number]));
  const renamed = Int32Array.from(owners, (owner) => numbers.get(owner)!);
  const sizes = left.map(() => 0);
  const out = regionOf.map((region) => renamed[region]!);
  for (const region of out) sizes[region]!++;
  return { regionOf: out, classes: left.map((region) => classes[region]!), sizes };
}
