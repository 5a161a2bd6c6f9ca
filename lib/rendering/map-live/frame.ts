import type { Plot } from './browser.js';

/** What is in view: pixels of the stage = left + scaleX · x of the map, top + scaleY · y. */
export interface Frame {
  left: number;
  top: number;
  scaleX: number;
  scaleY: number;
  /** Pixels of the stage. */
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
}

/** What plotly shows at this moment, in the middle of a drag too. */
export function frameOf({ _fullLayout: { xaxis, yaxis } }: Plot): Frame {
  const [left, right] = xaxis.range;
  const [bottom, top] = yaxis.range; // y grows downwards
  const scaleX = xaxis._length / (right - left);
  const scaleY = yaxis._length / (bottom - top);
  return {
    left: xaxis._offset - left * scaleX,
    top: yaxis._offset - top * scaleY,
    scaleX,
    scaleY,
    width: xaxis._offset + xaxis._length,
    height: yaxis._offset + yaxis._length,
  };
}

/** Where on the stage a place of the map lies, in pixels. */
export function onStage(frame: Frame, { x, y }: Place): Place {
  return { x: frame.left + frame.scaleX * x, y: frame.top + frame.scaleY * y };
}

/** The frame in the finer pixels of a dense screen. */
export function scaled(frame: Frame, by: number): Frame {
  const { left, top, scaleX, scaleY, width, height } = frame;
  return {
    left: left * by,
    top: top * by,
    scaleX: scaleX * by,
    scaleY: scaleY * by,
    width: Math.ceil(width * by),
    height: Math.ceil(height * by),
  };
}
