import { document, type Plot, part } from './browser.js';
import { listenToControls } from './controls.js';
import { listenToKeys } from './keyboard.js';
import { type LiveMap, liveMapOf } from './live-map.js';
import { hideNear, placeOf, showNear } from './near.js';
import { readPoints } from './points.js';
import { hideTip, showTip } from './tiles.js';

/** Puts the map that answers in the place of the still picture; where nothing can be drawn, that picture stays. */
async function start(): Promise<void> {
  if (!document.createElement('canvas').getContext('webgl')) {
    part('hint').textContent = 'This browser draws no WebGL: a still picture of the map is shown.';
    return;
  }
  const { classList } = document.documentElement;
  classList.add('live');
  const map = liveMapOf(part('map') as Plot, readPoints());
  listenToControls(map);
  await map.draw();
  listenToPointer(map);
  listenToKeys(map.plot, map.points, {
    shown: map.shown,
    choose: map.toggle,
    reach: (index) => reach(map, index),
  });
  classList.add('ready');
}

function listenToPointer(map: LiveMap): void {
  const { plot, points } = map;
  plot.on('plotly_hover', (event) => {
    const [point] = event?.points ?? [];
    if (!point || !event?.event) return;
    const index = map.indexOf(point);
    showTip(points, index, { x: event.event.clientX, y: event.event.clientY, words: map.words(index) });
  });
  plot.on('plotly_unhover', hideTip);
  plot.on('plotly_click', (event) => {
    const [point] = event?.points ?? [];
    if (!point) return;
    const { shiftKey, ctrlKey, metaKey } = event?.event ?? {};
    if (shiftKey || ctrlKey || metaKey) map.toggle(map.indexOf(point));
    else map.select([map.indexOf(point)]);
  });
  plot.on('plotly_selected', (event) => {
    // Forgetting an outline, plotly tells of an empty selection; that was nobody's wish.
    if (map.drawing() || !event?.points) return;
    const chosen = event.points.map(map.indexOf);
    // Plotly keeps its own outline of the selection once its listeners are done; only then can it be taken away.
    setTimeout(() => map.select(chosen));
  });
  plot.on('plotly_deselect', () => {
    if (!map.drawing() && map.selected().length) map.select([]);
  });
  plot.on('plotly_relayouting', () => {
    hideTip();
    hideNear();
  });
  plot.on('plotly_relayout', () => showNear(plot, points, map.shown));
}

/** Shows and says what the arrow keys have come to. */
function reach({ plot, points, words }: LiveMap, index: number | null): void {
  part('said').textContent = index === null ? '' : words(index).join(', ');
  if (index === null) {
    hideTip();
    return;
  }
  const { left, top } = plot.getBoundingClientRect();
  const { x, y } = placeOf(plot, points, index);
  showTip(points, index, { x: left + x, y: top + y, words: words(index) });
}

start().catch((error: unknown) => {
  document.documentElement.classList.toggle('live', false);
  part('hint').textContent = 'The map cannot be drawn here: a still picture of it is shown.';
  throw error;
});
