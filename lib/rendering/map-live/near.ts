import { made, part } from './browser.js';
import { type Frame, onStage, type Place } from './frame.js';
import { inView } from './picking.js';
import type { Points } from './points.js';
import { hasTile, showTile } from './tiles.js';

/** No more thumbnails than this lie on the map at a time: they come when so few points are in view. */
const MOST_NEAR = 60;
const NEAR_PX = 48;
/** Between a thumbnail and the middle of its dot. */
const GAP = 8;

export interface Around {
  shown(index: number): boolean;
  /** The names on the map, in pixels of the stage: no thumbnail hides one. */
  names: readonly { x: number; y: number; half: number }[];
}

/** Lays the thumbnails of the few points in view above their dots, none over another; of many points, none. */
export function showNear(points: Points, frame: Frame, { shown, names }: Around): void {
  const few = inView(points, frame, { shown, most: MOST_NEAR + 1 });
  const taken: Place[] = [];
  const pictures = few.flatMap((index) => {
    const { x, y } = onStage(frame, { x: points.x[index]!, y: points.y[index]! });
    const middle = { x, y: y - NEAR_PX / 2 - GAP };
    const free =
      taken.every((one) => Math.abs(one.x - x) > NEAR_PX || Math.abs(one.y - middle.y) > NEAR_PX) &&
      names.every(
        (name) =>
          Math.abs(name.x - x) > name.half + NEAR_PX / 2 || Math.abs(name.y - middle.y) > 8 + NEAR_PX / 2,
      );
    if (few.length > MOST_NEAR || !free || !hasTile(points, index)) return [];
    taken.push(middle);
    const picture = made('i', '');
    showTile(picture, points, { index, px: NEAR_PX });
    picture.style.left = `${middle.x - NEAR_PX / 2}px`;
    picture.style.top = `${middle.y - NEAR_PX / 2}px`;
    return [picture];
  });
  part('near').replaceChildren(...pictures);
}

export function hideNear(): void {
  part('near').replaceChildren();
}
