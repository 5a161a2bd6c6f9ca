import { document, matchMedia, type PageCanvas, type Plot, part } from './browser.js';
import { listenToControls } from './controls.js';
import { listenToKeys } from './keyboard.js';
import { type LiveMap, liveMapOf } from './live-map.js';
import { listenToPointer, showReached } from './pointer.js';
import { readPoints } from './points.js';
import { hideTip, showTip } from './tiles.js';

/** Puts the map that answers in the place of the still picture; where nothing can be drawn, that picture stays. */
async function start(): Promise<void> {
  const context = (part('cloud') as PageCanvas).getContext('2d', { alpha: false });
  if (!context) {
    part('hint').textContent = 'This browser draws no canvas: a still picture of the map is shown.';
    return;
  }
  const { classList } = document.documentElement;
  classList.add('live');
  const map = liveMapOf(part('map') as Plot, readPoints(), context);
  listenToControls(map);
  await map.draw();
  listenToPointer(map);
  listenToKeys(map.points, {
    frame: map.frame,
    shown: map.shown,
    choose: (index) => map.add([index], { less: true }),
    reach: (index) => reach(map, index),
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void map.draw());
  classList.add('ready');
}

/** Shows and says what the arrow keys have come to. */
function reach(map: LiveMap, index: number | null): void {
  part('said').textContent = index === null ? '' : map.words(index).join(', ');
  showReached(map, index);
  if (index === null) {
    hideTip();
    return;
  }
  const { left, top } = map.plot.getBoundingClientRect();
  const { x, y } = map.placeOf(index);
  showTip(map.points, index, { x: left + x, y: top + y, words: map.words(index) });
}

start().catch((error: unknown) => {
  document.documentElement.classList.toggle('live', false);
  part('hint').textContent = 'The map cannot be drawn here: a still picture of it is shown.';
  throw error;
});
