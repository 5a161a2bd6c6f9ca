import type { GroupName } from '../map-names.js';
import { document, getComputedStyle } from './browser.js';

export interface LayoutOf {
  extent: [number, number, number, number];
  names: readonly GroupName[];
  dragmode: string;
  /** Another number forgets the outlines that were drawn with lasso and box. */
  revision: number;
}

/** Plotly's layout: no axes, y downwards, one scale for both, and the names of the groups. */
export function layoutOf({ extent, names, dragmode, revision }: LayoutOf): object {
  const [left, right, top, bottom] = extent;
  const axis = { visible: false, fixedrange: false };
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: getComputedStyle(document.body).color },
    margin: { l: 8, r: 8, t: 8, b: 8 },
    xaxis: { ...axis, range: [left, right] },
    yaxis: { ...axis, range: [bottom, top], scaleanchor: 'x' },
    hovermode: 'closest',
    dragmode,
    uirevision: 'kept',
    selectionrevision: revision,
    annotations: names.map(({ text, x, y }) => ({
      x,
      y,
      text: `<b>${plotlyText(text)}</b>`,
      showarrow: false,
      font: { size: 13 },
    })),
  };
}

export const config: object = {
  scrollZoom: true,
  responsive: true,
  displayModeBar: false,
  doubleClick: 'reset',
};

/** Plotly reads its texts as a small HTML of its own; entities keep them plain. */
function plotlyText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
