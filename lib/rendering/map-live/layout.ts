export interface LayoutOf {
  extent: [number, number, number, number];
  dragmode: string;
  /** Another number forgets the outlines that were drawn with lasso and box. */
  revision: number;
}

/** Plotly's layout: no axes, y downwards, one scale for both; dots, marks and names are the page's own. */
export function layoutOf({ extent, dragmode, revision }: LayoutOf): object {
  const [left, right, top, bottom] = extent;
  const axis = { visible: false, fixedrange: false };
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    margin: { l: 0, r: 0, t: 0, b: 0 },
    xaxis: { ...axis, range: [left, right] },
    yaxis: { ...axis, range: [bottom, top], scaleanchor: 'x' },
    hovermode: false,
    dragmode,
    uirevision: 'kept',
    selectionrevision: revision,
  };
}

/** Plotly keeps axes for something to draw: for the dots, which it does not see, a trace without points. */
export const frameOnly: object = { type: 'scatter', mode: 'markers', x: [], y: [], hoverinfo: 'skip' };

export const config: object = {
  scrollZoom: true,
  responsive: true,
  displayModeBar: false,
  doubleClick: 'reset',
};
