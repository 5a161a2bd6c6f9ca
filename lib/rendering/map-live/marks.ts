import { HIT_RADIUS, numberSize, STAR_COLOUR, starCorners } from '../map-marks.js';
import { inkOn } from '../palette.js';
import type { Canvas2d } from './browser.js';
import type { Place } from './frame.js';
import type { Points } from './points.js';

/** A hit with its number, or the query. */
export interface Mark {
  index: number;
  /** −1 for the query. */
  number: number;
  colour: string;
}

export interface Marked {
  groups: readonly { colour: string }[];
  codes: Uint8Array;
  there(index: number): boolean;
}

/** The marks that are switched on, those that lie on top last: the best hit, and above it the query. */
export function marksOf(points: Points, { groups, codes, there }: Marked): Mark[] {
  const marks: Mark[] = [];
  for (let index = 0; index < points.count; index++) {
    const number = points.number[index]!;
    if (number !== 0 && there(index))
      marks.push({ index, number, colour: groups[codes[index]!]?.colour ?? STAR_COLOUR });
  }
  return marks.sort((a, b) => b.number - a.number);
}

export function drawHit(context: Canvas2d, { x, y }: Place, { number, colour }: Mark): void {
  context.beginPath();
  context.arc(x, y, HIT_RADIUS, 0, 2 * Math.PI);
  fillAndRim(context, colour, 4);
  context.font = `700 ${numberSize(number)}px system-ui, sans-serif`;
  context.fillStyle = inkOn(colour);
  context.fillText(String(number), x, y + 0.5);
}

export function drawStar(context: Canvas2d, { x, y }: Place): void {
  context.beginPath();
  for (const [cornerX, cornerY] of starCorners(x, y)) context.lineTo(cornerX, cornerY);
  context.closePath();
  fillAndRim(context, STAR_COLOUR, 5);
}

/** A white rim within a dark one stands out from any paper and any dot. */
function fillAndRim(context: Canvas2d, colour: string, width: number): void {
  context.strokeStyle = '#222';
  context.lineWidth = width;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = '#fff';
  context.lineWidth = 1.8;
  context.stroke();
}
