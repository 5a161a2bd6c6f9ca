import type { Cluster, Clusters, PictureCard } from '../types.js';
import { count, counted, percent } from '../words.js';
import { cutMiddle, type Html, html, raw } from './html.js';
import { colourOf, dotColours, otherColour } from './palette.js';
import { rowStyle, smallPicture } from './small-pictures.js';
import { styleOf } from './style.js';

/** Clusters that are shown; the rest are counted. */
const CLUSTERS_SHOWN = 40;

const style = `${rowStyle}
.lookbook .lookbook-clusters{max-width:980px}
.lookbook .lookbook-clusters .lookbook-pictures{display:flex;flex-wrap:wrap;gap:6px}
`;

/**
 * The clusters of a map, the largest first: the map's own colour, the name, how many are in it, and some of them from its
 * middle to its edge.
 * @param cards of the examples, in their order (`book.cards(clusters)`); those that are missing show no picture.
 */
export function clustersTable(found: Clusters, cards: readonly PictureCard[] = []): string {
  const { clusters, scattered } = found;
  const all = clusters.reduce((sum, { ids }) => sum + ids.length, scattered.length);
  let at = 0;
  const rows = clusters.slice(0, CLUSTERS_SHOWN).map((cluster, index) => {
    const own = cards.slice(at, at + cluster.examples.length);
    at += cluster.examples.length;
    return rowOf(cluster, own, { index, all });
  });
  const more = clusters.length - rows.length;
  const head = clusters.length
    ? `${counted(clusters.length, 'cluster')} of ${count(all)}, ${scattered.length ? count(scattered.length) : 'none'} scattered between them.`
    : `No clusters: the ${count(all)} points of this map lie too evenly, or are too few.`;
  const table = html`<table class="lookbook-table"><thead><tr><th style="width:180px">Cluster</th><th style="width:110px">Size</th><th>From its middle to its edge</th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<div class="lookbook">${styleOf(style)}<div class="lookbook-clusters"><div class="lookbook-head"><div class="lookbook-title"><b>${head}</b></div></div>${rows.length > 0 && table}${more > 0 && html`<div class="lookbook-soft">and ${counted(more, 'smaller cluster')}</div>`}</div></div>`
    .markup;
}

/** The map gives its colours to the largest clusters, in this order. */
function rowOf(
  { name, ids }: Cluster,
  cards: readonly PictureCard[],
  { index, all }: { index: number; all: number },
): Html {
  const colour = index < dotColours.length ? colourOf(dotColours, index) : otherColour;
  return html`<tr><td><b style="color:${raw(colour)}">●</b> <b><bdi>${cutMiddle(name, 60)}</bdi></b></td><td class="lookbook-number">${count(ids.length)} <span class="lookbook-soft">${percent(ids.length / all)}</span></td><td><div class="lookbook-pictures">${cards.map(smallPicture)}</div></td></tr>`;
}
