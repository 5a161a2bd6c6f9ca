import { addEventListener, type PageEvent, type PlotShape, part } from './browser.js';
import type { Place } from './frame.js';
import type { LiveMap } from './live-map.js';
import { hideNear } from './near.js';
import type { Shape } from './picking.js';
import { hideTip, showTip } from './tiles.js';

/** A pointer that moved no further between press and release has clicked. */
const STILL_PX = 4;

/** Hovering, clicking and what plotly tells of moving, boxes and lassos act on the map. */
export function listenToPointer(map: LiveMap): void {
  const { plot, points } = map;
  const stage = part('stage');
  let pressed: PageEvent | undefined;
  let adds = false;
  stage.addEventListener('pointermove', (event) => {
    if (event.buttons || map.drawing()) return;
    const index = map.pointAt(onStageOf(event));
    stage.classList.toggle('over', index !== null);
    if (index === null) hideTip();
    else showTip(points, index, { x: event.clientX, y: event.clientY, words: map.words(index) });
    showReached(map, index);
  });
  stage.addEventListener('pointerleave', () => {
    hideTip();
    showReached(map, null);
  });
  stage.addEventListener('pointerdown', (event) => {
    pressed = event.button === 0 ? event : undefined;
    adds = event.shiftKey || event.ctrlKey || event.metaKey;
  });
  // Plotly lays a sheet over the page while something is dragged: only the page itself hears the end.
  addEventListener('pointerup', (event) => {
    const from = pressed;
    pressed = undefined;
    if (!from || Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) >= STILL_PX) return;
    const index = map.pointAt(onStageOf(from));
    // Plotly ends a drag in its own listener, and what it tells of this click comes first.
    setTimeout(() => {
      if (index !== null && adds) map.add([index], { less: true });
      else if (index !== null) map.select([index]);
      else if (map.dragsBy() !== 'pan' && map.selected().length) map.select([]);
    });
  });
  plot.on('plotly_selected', (event) => {
    const shape = shapeOf(event);
    // Forgetting an outline, plotly tells of an empty selection; that was nobody's wish.
    if (map.drawing() || !shape) return;
    const chosen = map.inside(shape);
    // Plotly keeps its own outline of the selection once its listeners are done; only then can it be taken away.
    setTimeout(() => (adds ? map.add(chosen) : map.select(chosen)));
  });
  plot.on('plotly_relayouting', () => {
    map.follow();
    hideTip();
    hideNear();
    showReached(map, null);
  });
  plot.on('plotly_relayout', () => map.rest());
  plot.on('plotly_afterplot', () => map.follow());
}

/** A ring round the point that the pointer or the keyboard has come to. */
export function showReached(map: LiveMap, index: number | null): void {
  const ring = part('reached');
  ring.hidden = index === null;
  if (index === null) return;
  const { x, y } = map.placeOf(index);
  const across = map.points.number[index] ? 28 : map.diameter() + 8;
  Object.assign(ring.style, {
    left: `${x - across / 2}px`,
    top: `${y - across / 2}px`,
    width: `${across}px`,
    height: `${across}px`,
  });
}

function onStageOf({ clientX, clientY }: PageEvent): Place {
  const { left, top } = part('map').getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

function shapeOf(event: PlotShape | undefined): Shape | null {
  const { range, lassoPoints } = event ?? {};
  if (range) {
    const [a, b] = [0, 1].map((end) => ({ x: range.x[end]!, y: range.y[end]! })) as [Place, Place];
    return { box: [a, b] };
  }
  return lassoPoints ? { lasso: lassoPoints.x.map((x, n) => ({ x, y: lassoPoints.y[n]! })) } : null;
}
