import { colourNumber } from './dots.js';
import type { Points } from './points.js';

/** Dots of one look; how large they are is told by how many are in view. */
export interface Layer {
  indices: Uint32Array;
  /** 0xBBGGRR. */
  colour: number;
  opacity: number;
  /** Pixels more than a dot is across. */
  wider: number;
}

export interface Shown {
  /** One a group; those of `rest` lie below the others. */
  groups: readonly { colour: string; rest?: boolean }[];
  codes: Uint8Array;
  /** Whether a point is switched on. */
  there(index: number): boolean;
  found: readonly number[];
  selected: readonly number[];
  /** The colours of rims and of the page, `#rrggbb`. */
  ink: string;
  paper: string;
}

/** How much is left of the colours of what was not found; less opacity would add up to a full colour in a crowd. */
const FADED = 0.2;
const OPACITY = 0.8;

/**
 * Plain points by group, the small groups above the large; above them what was found and selected once more, on discs
 * that stand out as a rim. All discs lie below all of these dots, so that a crowd keeps its colours.
 */
export function layersOf(
  points: Points,
  { groups, codes, there, found, selected, ink, paper }: Shown,
): Layer[] {
  const all = Uint32Array.from({ length: points.count }, (_, index) => index);
  const isPlain = (index: number): boolean => points.number[index] === 0 && there(index);
  const order = [...groups.keys()].sort((a, b) => Number(!groups[a]!.rest) - Number(!groups[b]!.rest));
  const inColours = (indices: Uint32Array, opacity: number, left: number): Layer[] => {
    const members = byGroup(indices, codes, groups.length);
    return order.map((code) => ({
      indices: members[code]!,
      colour: mixed(colourNumber(groups[code]!.colour), colourNumber(paper), left),
      opacity,
      wider: 0,
    }));
  };
  const discs = (indices: readonly number[], wider: number): Layer => ({
    indices: Uint32Array.from(indices).filter(there),
    colour: colourNumber(ink),
    opacity: 1,
    wider,
  });
  return [
    ...inColours(all.filter(isPlain), OPACITY, found.length ? FADED : 1),
    discs(found, 2),
    discs(selected, 5),
    ...inColours(Uint32Array.from([...found, ...selected]).filter(isPlain), 1, 1),
  ].filter(({ indices }) => indices.length);
}

function byGroup(indices: Uint32Array, codes: Uint8Array, groups: number): Uint32Array[] {
  const members = Array.from({ length: groups }, (): number[] => []);
  for (const index of indices) members[codes[index]!]?.push(index);
  return members.map((own) => Uint32Array.from(own));
}

/** Two colours 0xBBGGRR mixed, `share` of the first. */
function mixed(one: number, other: number, share: number): number {
  const channel = (shift: number): number => {
    const [a, b] = [(one >> shift) & 0xff, (other >> shift) & 0xff];
    return Math.round(a * share + b * (1 - share)) << shift;
  };
  return channel(0) | channel(8) | channel(16);
}
