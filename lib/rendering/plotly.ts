import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { MapView } from '../types.js';
import { count, counted } from '../words.js';
import { cutMiddle, dataUri, type Html, html, raw } from './html.js';
import { firstGrouping } from './legend.js';
import { jsonOf, mapPageData } from './map-data.js';
import { liveScript } from './map-live.js';
import { mapPageStyle } from './map-page-style.js';
import { layoutOf, mapPicture } from './map-picture.js';

export interface MapPageOptions {
  /** 'inline': one file that works anywhere, 11 MB (default); 'file': refers to plotly on this machine's disk. */
  script?: 'inline' | 'file';
}

const HINT =
  'Near means alike. Scroll to zoom, drag to move; click a point to select it, draw a box or a lasso to select many, with Shift to add to what is selected. On the map the arrow keys go from point to point and Enter selects.';

/** Where no script may run. */
const UNTRUSTED =
  'This is the still picture of the map, because no script runs here. In JupyterLab press “Trust HTML” above the page, or open this file in a browser.';

const bar: Html = html`<div class="bar"><label>Colour by <select id="colour"></select></label><fieldset id="modes" aria-label="What dragging does"><label><input type="radio" name="mode" value="pan" checked>Move</label><label><input type="radio" name="mode" value="select">Box</label><label><input type="radio" name="mode" value="lasso">Lasso</label></fieldset><button id="all" type="button">See all</button><label>Search <input id="search" type="search" placeholder="path or label" autocomplete="off" spellcheck="false"></label><span id="found" role="status"></span><button id="select-found" type="button" hidden>Select them</button></div>`;

const chosen: Html = html`<section id="chosen" aria-labelledby="chosen-title" hidden><div><h2 id="chosen-title" aria-live="polite"></h2><button id="copy" type="button">Copy the paths</button><button id="clear" type="button">Select nothing</button><span id="copied" role="status"></span></div><textarea id="paths" readonly wrap="off" aria-label="Paths of what is selected" spellcheck="false"></textarea><ul id="gallery"></ul><p id="more"></p></section>`;

/**
 * A page of its own for maps of any size: zoom, pan, thumbnails and words at the pointer and the keyboard, colour by any
 * field, groups that can be switched, search, and selections whose paths `selection` reads back. Where no script runs
 * or nothing can be drawn, a still picture says the same. It asks nothing of a network, and its policy lets no script
 * run but its own. @throws where the package plotly.js-dist is not installed.
 */
export function mapPage(view: MapView, options: MapPageOptions = {}): string {
  const file = createRequire(import.meta.url).resolve('plotly.js-dist');
  const live = liveScript();
  const plotly =
    options.script === 'file' ? null : readFileSync(file, 'utf8').replace(/<\/script/gi, '<\\/script');
  const loaded =
    plotly === null ? html`<script src="${pathToFileURL(file).href}"></script>` : scriptOf(plotly);
  const policy = policyOf(plotly === null ? [live] : [plotly, live], plotly === null ? ' file:' : '');
  const sprite = view.sprite ? dataUri('image/webp', view.sprite.webp) : '';
  const title = cutMiddle(view.title, 300);
  const hint = view.points.length ? HINT : (view.note ?? 'Nothing to map yet: index some pictures first.');
  const note = view.points.length > 0 && view.note !== undefined && html`<p>${view.note}</p>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="${raw(policy)}"><title>${title}</title><style>${raw(mapPageStyle(sprite))}</style></head><body><header><h1>${title}</h1><p>${counted(view.points.length, 'point')}. <span id="hint">${hint}</span></p>${note}<noscript><p>${UNTRUSTED}</p></noscript></header><main>${bar}<div id="groups" role="group" aria-label="Groups: press to hide or show"></div>${view.points.length > 0 && still(view)}<div id="stage" tabindex="0" role="application" aria-label="The map: arrow keys go from point to point, Enter selects"><canvas id="cloud"></canvas><div id="map"></div><div id="near"></div><div id="reached" hidden></div></div>${chosen}</main><div id="tip" hidden></div><div id="said" role="status"></div><script type="application/json" id="data">${raw(jsonOf(mapPageData(view)))}</script>${loaded}${scriptOf(live)}</body></html>
`.markup;
}

/** What every viewer can show: the picture of the first grouping with its names, and its legend. */
function still(view: MapView): Html {
  const grouping = firstGrouping(view);
  const layout = layoutOf(view.points);
  const items = grouping.entries.map(
    ({ label, colour, count: size }) =>
      html`<span><b style="color:${colour}">●</b> <bdi>${cutMiddle(label, 40)}</bdi> <i>${count(size)}</i></span> `,
  );
  return html`<div class="still"><img src="${raw(mapPicture(view.points, grouping, layout))}" width="${layout.width}" height="${layout.height}" alt="${`Map of ${counted(view.points.length, 'point')}: near means alike`}"><div class="legend">${items}</div></div>`;
}

function scriptOf(text: string): Html {
  return raw(`<script>${text}</script>`);
}

/** Only scripts of these very bytes may run, and nothing may be fetched. */
function policyOf(scripts: readonly string[], sources: string): string {
  const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return `default-src 'none'; script-src ${hashes.join(' ')}${sources}; style-src 'unsafe-inline'; img-src data:`;
}
