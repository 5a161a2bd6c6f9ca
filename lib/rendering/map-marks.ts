/** Radius of a hit's mark, in pixels. */
export const HIT_RADIUS = 9.5;
/** The query's star. */
export const STAR_COLOUR = '#FFC400';

/** The ten corners of the query's star, in pixels. */
export function starCorners(x: number, y: number): [number, number][] {
  return Array.from({ length: 10 }, (_, index) => {
    const angle = (index * Math.PI) / 5 - Math.PI / 2;
    const radius = index % 2 ? 6 : 14;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** How large a hit's number is written so that it fits into its mark. */
export function numberSize(number: number): number {
  return number > 99 ? 8.5 : 11;
}
