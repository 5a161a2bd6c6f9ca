import { ICON_PX, type Icons } from '#lib/commands/scenes/icons.js';

/** Red, green and blue of each disc. */
export const PURE: readonly (readonly number[])[] = [
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 0],
  [0, 255, 0],
  [255, 0, 0],
];

/** Drawings that need no installed icon sets: a disc of one pure colour for each concept. */
export const discs: Icons = {
  concepts: PURE.map((_, n) => ({
    label: `Disc ${n}`,
    names: [`disc ${n}`],
    tags: ['disc'],
    hex: '25cf',
    group: 'symbols',
    subgroup: 'geometric',
    icons: {},
  })),
  drawn: PURE.map((_, n) => n),
  icon(concept) {
    const colours = new Uint8Array(ICON_PX ** 2 * 3);
    const opacity = new Uint8Array(ICON_PX ** 2 * 3);
    for (let i = 0; i < ICON_PX ** 2; i++) {
      const [x, y] = [(i % ICON_PX) - ICON_PX / 2, Math.floor(i / ICON_PX) - ICON_PX / 2];
      if (Math.hypot(x, y) > ICON_PX / 2 - 1) continue;
      colours.set(PURE[concept]!, 3 * i);
      opacity.fill(255, 3 * i, 3 * i + 3);
    }
    return {
      colours: { data: colours, width: ICON_PX, height: ICON_PX },
      opacity: { data: opacity, width: ICON_PX, height: ICON_PX },
    };
  },
};
