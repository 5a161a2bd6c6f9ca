import { innerHeight, innerWidth, made, type PageElement, part } from './browser.js';
import type { Points } from './points.js';

/** Shows a point's tile of the one sprite as the background of an element, at so many pixels a side. */
export function showTile(
  element: PageElement,
  points: Points,
  { index, px }: { index: number; px: number },
): void {
  const tile = points.tile[index]!;
  const columns = points.sprite!.columns;
  element.classList.add('tile');
  Object.assign(element.style, {
    width: `${px}px`,
    height: `${px}px`,
    backgroundSize: `${columns * px}px auto`,
    backgroundPosition: `${-(tile % columns) * px}px ${-Math.floor(tile / columns) * px}px`,
  });
}

export function hasTile(points: Points, index: number): boolean {
  return points.sprite !== null && points.tile[index]! >= 0;
}

/** What is said of one point beside its place on the screen: thumbnail and words. */
export function showTip(
  points: Points,
  index: number,
  { x, y, words }: { x: number; y: number; words: string[] },
): void {
  const tip = part('tip');
  const lines = words.map((line) => made('bdi', '', line));
  if (hasTile(points, index)) {
    const picture = made('i', '');
    showTile(picture, points, { index, px: Math.max(points.sprite!.tilePx, 128) });
    tip.replaceChildren(picture, ...lines);
  } else tip.replaceChildren(...lines);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + width + 32 > innerWidth ? x - width - 16 : x + 16;
  const top = y + height + 32 > innerHeight ? y - height - 16 : y + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

export function hideTip(): void {
  part('tip').hidden = true;
}
