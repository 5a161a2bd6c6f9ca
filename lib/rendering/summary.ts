import type { Hit, StageSeconds } from '../types.js';
import { count, rate } from '../words.js';
import { cutMiddle, visible } from './html.js';
import { stageLine } from './stages.js';

export interface Summary {
  pictures: number;
  segments: number;
  imagesPerSecond: number;
  stages: StageSeconds;
  /** The query in a person's words. */
  query: string;
  hits: readonly Hit[];
}

const HITS_SHOWN = 5;

/** The last lines of a headless run: what is in the index, how fast it came in, and the first answers. */
export function summaryText({ pictures, segments, imagesPerSecond, stages, query, hits }: Summary): string {
  const spent = stageLine(stages);
  const speed = imagesPerSecond > 0 ? `${rate(imagesPerSecond)} images/s` : 'nothing new to index';
  const lines = [
    `Pictures  ${count(pictures)}`,
    `Segments  ${count(segments)}`,
    `Speed     ${speed}`,
    ...(spent ? [`Stages    ${spent}`] : []),
    `Query     ${cutMiddle(visible(query), 200)}`,
  ];
  const best = hits.slice(0, HITS_SHOWN);
  if (!best.length) return [...lines, '          no picture answers this'].join('\n');
  return [...lines, ...best.map(hitLine)].join('\n');
}

function hitLine(hit: Hit, index: number): string {
  const label = hit.evidence.segments[0]?.label;
  const path = cutMiddle(visible(hit.paths[0] ?? hit.imageId), 160);
  return `  ${index + 1}.  ${hit.relevance.toFixed(2)}  ${path}${label ? `  (${cutMiddle(visible(label), 40)})` : ''}`;
}
