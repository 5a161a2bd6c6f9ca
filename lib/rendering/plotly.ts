import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { MapPoint, MapView } from '../types.js';
import { counted } from '../words.js';
import { cutMiddle, dataUri, html, raw, visible } from './html.js';
import { type Legend, legendOf, numberedHits } from './legend.js';

export interface MapPageOptions {
  /** 'inline': one file that works anywhere, 11 MB (default); 'file': refers to plotly on this machine's disk. */
  script?: 'inline' | 'file';
}

/** What the page's script is given: traces for plotly, thumbnails by trace and point, and where to find them. */
interface PageData {
  traces: Record<string, unknown>[];
  tiles: (number | null)[][];
  sprite: { columns: number; tilePx: number } | null;
}

const style = (sprite: string): string => `
:root{color-scheme:light dark}
body{margin:0;height:100vh;display:flex;flex-direction:column;background:Canvas;color:CanvasText;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header{padding:14px 22px 4px}h1{margin:0;font-size:19px;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}header p{margin:0;font-size:13px;opacity:.68}
#map{flex:1;min-height:0}
#tile{position:fixed;display:none;border:4px solid Canvas;border-radius:8px;box-shadow:0 4px 16px rgba(0,0,0,.3);pointer-events:none${sprite ? `;background:url(${sprite}) no-repeat` : ''}}`;

/** Runs in the page: draws the traces in the page's own ink and shows a tile beside the pointer. */
const script = `
const data=JSON.parse(document.getElementById('data').textContent);
const place=document.getElementById('map'),tile=document.getElementById('tile');
const ink=getComputedStyle(document.body).color,axis={visible:false};
Plotly.newPlot(place,data.traces,{paper_bgcolor:'rgba(0,0,0,0)',plot_bgcolor:'rgba(0,0,0,0)',font:{color:ink},margin:{l:16,r:16,t:8,b:16},xaxis:axis,yaxis:{...axis,autorange:'reversed',scaleanchor:'x'},hovermode:'closest',dragmode:'pan',legend:{itemsizing:'constant'}},{scrollZoom:true,responsive:true,displayModeBar:false});
place.on('plotly_hover',({points:[point],event})=>{
  const index=data.tiles[point.curveNumber]?.[point.pointNumber];
  if(!data.sprite||index==null)return;
  const {columns,tilePx}=data.sprite,size=Math.max(tilePx,128);
  const right=event.clientX+size+40>innerWidth,down=event.clientY+size+60>innerHeight;
  Object.assign(tile.style,{display:'block',width:size+'px',height:size+'px',backgroundSize:columns*size+'px auto',backgroundPosition:-(index%columns)*size+'px '+-Math.floor(index/columns)*size+'px',left:(event.clientX+(right?-size-28:20))+'px',top:(event.clientY+(down?-size-40:28))+'px'});
});
place.on('plotly_unhover',()=>{tile.style.display='none'});
`;

/**
 * A page of its own for maps of any size: zoom, pan, title and thumbnail at the pointer, labels that can be switched.
 * It asks nothing of a network. @throws where the package plotly.js-dist is not installed.
 */
export function mapPage(view: MapView, options: MapPageOptions = {}): string {
  const file = createRequire(import.meta.url).resolve('plotly.js-dist');
  const plotly =
    options.script === 'file'
      ? html`<script src="${pathToFileURL(file).href}"></script>`
      : raw(`<script>${readFileSync(file, 'utf8').replace(/<\/script/gi, '<\\/script')}</script>`);
  // Plotly's WebGL layer writes its own drawing code, hence 'unsafe-eval'; nothing may be fetched.
  const policy = `default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' file:; style-src 'unsafe-inline'; img-src data: blob:; worker-src blob:`;
  const sprite = view.sprite ? dataUri('image/webp', view.sprite.webp) : '';
  const title = cutMiddle(view.title, 300);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="${raw(policy)}"><title>${title}</title><style>${raw(style(sprite))}</style></head><body><header><h1>${title}</h1><p>${counted(view.points.length, 'point')}: near means alike. Scroll to zoom, drag to move, click twice to see all again, click a label to hide it.</p></header><div id="map"></div><div id="tile"></div><script type="application/json" id="data">${raw(jsonOf(pageData(view)))}</script>${plotly}<script>${raw(script)}</script></body></html>
`.markup;
}

function pageData(view: MapView): PageData {
  const legend = legendOf(view.points);
  const groups = groupsOf(view.points, legend);
  return {
    traces: groups.map(({ name, points, trace }) => ({
      ...trace,
      name: plotlyText(name, 40),
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      hovertext: points.map(({ title, label }) =>
        [title, label]
          .filter(Boolean)
          .map((text) => plotlyText(text!, 100))
          .join('<br>'),
      ),
      hoverinfo: 'text',
    })),
    tiles: groups.map(({ points }) => points.map(({ tile }) => tile ?? null)),
    sprite: view.sprite ? { columns: view.sprite.columns, tilePx: view.sprite.tilePx } : null,
  };
}

interface Group {
  name: string;
  points: MapPoint[];
  trace: Record<string, unknown>;
}

/** Points of one colour make one trace; then the hits with their numbers, and the query on top. */
function groupsOf(points: readonly MapPoint[], legend: Legend): Group[] {
  const plain = points.filter(({ kind }) => kind === 'plain');
  const size = plain.length > 20_000 ? 3 : plain.length > 3000 ? 5 : 8;
  const entries = legend.entries.length ? legend.entries : [{ label: 'points', colour: legend.fallback }];
  const groups = entries.map(({ label, colour }) => ({
    name: label,
    points: plain.filter((point) => legend.colourOf(point) === colour),
    trace: { type: 'scattergl', mode: 'markers', marker: { color: colour, size, opacity: 0.8 } },
  }));
  const hits = numberedHits(points);
  const queries = points.filter(({ kind }) => kind === 'query');
  const ring = { color: '#fff', width: 2 };
  const number = hits.map((hit) => String(hit.number));
  const colours = hits.map(({ point }) => legend.colourOf(point));
  return [
    ...groups,
    {
      name: 'hits',
      points: hits.map(({ point }) => point),
      trace: {
        type: 'scattergl',
        mode: 'markers+text',
        text: number,
        textfont: { size: 11, color: '#000' },
        marker: { color: colours, size: 20, line: ring },
      },
    },
    {
      name: 'your query',
      points: queries,
      trace: {
        type: 'scattergl',
        mode: 'markers',
        marker: { symbol: 'star', color: '#FFC400', size: 20, line: { color: '#222', width: 1.5 } },
      },
    },
  ].filter((group) => group.points.length > 0);
}

/** Plotly reads its texts as a small HTML of its own; entities keep them plain. */
function plotlyText(text: string, length: number): string {
  return visible(cutMiddle(text, length)).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** JSON that can stand inside a script element: no "<" is left that could end it. */
function jsonOf(data: PageData): string {
  return JSON.stringify(data).replace(/</g, '\\u003c');
}
