import { made, type Plot, part } from './browser.js';
import type { Points } from './points.js';
import { hasTile, showTile } from './tiles.js';

/** No more thumbnails than this lie on the map at a time: they come when so few points are in view. */
const MOST_NEAR = 60;
const NEAR_PX = 48;

/** The points in view, those that are switched off left out; stops counting beyond `most`. */
export function inView(
  plot: Plot,
  points: Points,
  { shown, most }: { shown(index: number): boolean; most: number },
): number[] {
  const { xaxis, yaxis } = plot._fullLayout;
  const [left, right] = [Math.min(...xaxis.range), Math.max(...xaxis.range)];
  const [top, bottom] = [Math.min(...yaxis.range), Math.max(...yaxis.range)];
  const found: number[] = [];
  for (let index = 0; index < points.count && found.length < most; index++) {
    const x = points.x[index]!;
    const y = points.y[index]!;
    if (x >= left && x <= right && y >= top && y <= bottom && shown(index)) found.push(index);
  }
  return found;
}

/** Where a point lies, in pixels of the plot. */
export function placeOf(
  { _fullLayout: { xaxis, yaxis } }: Plot,
  points: Points,
  index: number,
): { x: number; y: number } {
  return {
    x: xaxis._offset + xaxis.l2p(points.x[index]!),
    y: yaxis._offset + yaxis.l2p(points.y[index]!),
  };
}

/** Lays the thumbnails of the few points in view above their dots, none over another; of many points, none. */
export function showNear(plot: Plot, points: Points, shown: (index: number) => boolean): void {
  const few = inView(plot, points, { shown, most: MOST_NEAR + 1 });
  const taken: { x: number; y: number }[] = [];
  const pictures = few.flatMap((index) => {
    const { x, y } = placeOf(plot, points, index);
    const free = taken.every((one) => Math.abs(one.x - x) > NEAR_PX || Math.abs(one.y - y) > NEAR_PX);
    if (few.length > MOST_NEAR || !free || !hasTile(points, index)) return [];
    taken.push({ x, y });
    const picture = made('i', '');
    showTile(picture, points, { index, px: NEAR_PX });
    picture.style.left = `${x - NEAR_PX / 2}px`;
    picture.style.top = `${y - NEAR_PX - 8}px`;
    return [picture];
  });
  part('near').replaceChildren(...pictures);
}

export function hideNear(): void {
  part('near').replaceChildren();
}
