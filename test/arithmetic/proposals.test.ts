import { describe, expect, it } from 'vitest';
import {
  cropWindows,
  edgeBoxIoU,
  innermostPoint,
  isCutByCrop,
  pointGrid,
  withoutOverlaps,
} from '#lib/arithmetic/proposals.js';

describe('a grid of points', () => {
  it('has the centres of equal tiles, row by row', () => {
    expect(pointGrid(2)).toEqual([
      { x: 0.25, y: 0.25 },
      { x: 0.75, y: 0.25 },
      { x: 0.25, y: 0.75 },
      { x: 0.75, y: 0.75 },
    ]);
    expect(pointGrid(8)[1]).toEqual({ x: 3 / 16, y: 1 / 16 });
  });
});

describe('crops', () => {
  it('are 1, then 4, then 16 windows that reach every edge and overlap', () => {
    const windows = cropWindows(640, 427, 2);
    expect(windows.map(({ layer }) => layer)).toEqual([0, ...Array(4).fill(1), ...Array(16).fill(2)]);
    // segment-anything's generate_crop_boxes((427, 640), 2, 512 / 1500)
    expect(windows[1]).toMatchObject({ x: 0, y: 0, width: 393, height: 286 });
    expect(windows[4]).toMatchObject({ x: 248, y: 141, width: 392, height: 286 });
    for (const layer of [1, 2]) {
      const own = windows.filter((window) => window.layer === layer);
      expect(Math.max(...own.map(({ x, width }) => x + width))).toBe(640);
      expect(Math.max(...own.map(({ y, height }) => y + height))).toBe(427);
      expect(own.every(({ width, height }) => width > 0 && height > 0)).toBe(true);
    }
  });

  it('cut a thing at an edge of their own, and not at an edge of the picture', () => {
    const crop = { x: 0, y: 0, width: 600, height: 1000 };
    const picture = { width: 1024, height: 1000 };
    expect(isCutByCrop([100, 100, 595, 400], crop, picture)).toBe(true);
    expect(isCutByCrop([100, 100, 500, 400], crop, picture)).toBe(false);
    expect(isCutByCrop([0, 0, 500, 999], crop, picture)).toBe(false);
  });
});

describe('suppression by boxes', () => {
  const at = (x: number, score: number): { bboxXyxy: [number, number, number, number]; score: number } => ({
    bboxXyxy: [x, 0, x + 10, 10],
    score,
  });

  it('of two that overlap by more than the limit the better stays, whatever their order', () => {
    expect(edgeBoxIoU([0, 0, 10, 10], [1, 0, 11, 10])).toBeCloseTo(9 / 11, 10);
    const [worse, better, far] = [at(0, 0.8), at(1, 0.9), at(30, 0.1)];
    for (const order of [
      [worse, better, far],
      [far, better, worse],
    ])
      expect(withoutOverlaps(order, 0.7)).toEqual([better, far]);
    expect(withoutOverlaps([worse, better], 0.9)).toEqual([better, worse]);
  });

  it('one that was suppressed suppresses nothing', () => {
    const chain = [at(0, 0.9), at(1.5, 0.8), at(3, 0.7)];
    expect(withoutOverlaps(chain, 0.7)).toEqual([chain[0], chain[2]]);
  });

  it('what stays in any case suppresses too, and is not given back', () => {
    expect(withoutOverlaps([at(1, 0.9), at(30, 0.2)], 0.7, [at(0, 0.1)])).toEqual([at(30, 0.2)]);
  });

  it('boxes without an inside overlap nothing', () => {
    expect(edgeBoxIoU([5, 5, 5, 5], [5, 5, 5, 5])).toBe(0);
  });
});

describe('the innermost point', () => {
  it('lies furthest from what is outside, also where the centroid is no part of the mask', () => {
    // A ring that is thick on its right side.
    const rows = ['.......', '.#####.', '.#.###.', '.#.###.', '.#####.', '.......'];
    const data = Uint8Array.from(rows.join(''), (letter) => (letter === '#' ? 1 : 0));
    const point = innermostPoint({ data, width: 7, height: 6 })!;
    expect(point.x).toBe(4.5);
    expect([2.5, 3.5]).toContain(point.y);
  });

  it('of a mask that fills its picture is the middle; of an empty one there is none', () => {
    const full = { data: new Uint8Array(49).fill(1), width: 7, height: 7 };
    expect(innermostPoint(full)).toEqual({ x: 3.5, y: 3.5 });
    expect(innermostPoint({ ...full, data: new Uint8Array(49) })).toBeNull();
  });
});
