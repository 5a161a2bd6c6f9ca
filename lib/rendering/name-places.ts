/** A name and the middle of its line, in pixels. */
export interface NamePlace {
  text: string;
  x: number;
  y: number;
}

/** A name where it was placed, and half of what it takes across, in pixels. */
export type PlacedName<Name extends NamePlace> = Name & { half: number };

export interface NameRoom {
  /** Half of what a name takes across, in pixels. */
  halfOf(text: string): number;
  /** The middles of hits and of the query, in pixels: names make way for them. */
  marks: readonly { x: number; y: number }[];
  /** Names are kept inside of a picture of this size; without it they may lie anywhere. */
  within?: { width: number; height: number };
}

/** Pixels from one line of names to the next, and from a mark's middle to the middle of a line beside it. */
const LINE = 16;
/** A mark's middle to its rim. */
const MARK = 11;
/** Where the place is taken, a line above or below may be free. */
const SHIFTS = [0, -LINE, LINE, -2 * LINE, 2 * LINE];

/** Finds each name a place near its own, none over another; the first come first, and who finds none is left out. */
export function placeNames<Name extends NamePlace>(
  names: readonly Name[],
  { halfOf, marks, within }: NameRoom,
): PlacedName<Name>[] {
  const taken: PlacedName<Name>[] = [];
  for (const name of names) {
    const half = halfOf(name.text);
    const x = within ? Math.min(within.width - half, Math.max(half, name.x)) : name.x;
    const lines = SHIFTS.map((shift) =>
      within ? Math.min(within.height - 6, Math.max(14, name.y + shift)) : name.y + shift,
    ).filter((at) =>
      taken.every((one) => Math.abs(one.y - at) >= LINE || Math.abs(one.x - x) > one.half + half),
    );
    const beside = lines.find((at) =>
      marks.every((mark) => Math.abs(mark.y - at) >= LINE || Math.abs(mark.x - x) > MARK + half),
    );
    // In a crowd of marks a name over one says more than none.
    const y = beside ?? lines[0];
    if (y !== undefined) taken.push({ ...name, x, y, half });
  }
  return taken;
}
