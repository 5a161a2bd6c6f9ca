import { describe, expect, test } from 'vitest';
import { comparisonMaps, mapPair } from '#lib/rendering/map-pair.js';
import type { Comparison, MapView } from '#lib/types.js';
import { mapOf } from './fixtures.js';
import { nastyStrings } from './nasty.js';

/** The same points elsewhere. */
function turned(view: MapView): MapView {
  return {
    ...view,
    title: 'another model',
    points: view.points.map((point) => ({ ...point, x: point.y, y: point.x })),
  };
}

const spots = (markup: string): string[] =>
  [...markup.matchAll(/<a tabindex="0".*?<\/a>/g)].map(([spot]) => spot);

describe('two maps side by side', () => {
  test('have one element for both dots of a point, so that pointing at one is pointing at both', async () => {
    const view = await mapOf(60, 60);
    const markup = mapPair(view, turned(view));
    expect(spots(markup)).toHaveLength(view.points.length);
    for (const spot of spots(markup)) {
      const [left, right] = [...spot.matchAll(/left:([\d.]+)%/g)].map(([, share]) => Number(share));
      expect(left).toBeLessThanOrEqual(49);
      expect(right).toBeGreaterThanOrEqual(51);
    }
    expect(markup.match(/data:image\/svg/g)).toHaveLength(2);
    expect(markup.match(/data:image\/webp/g)).toHaveLength(1);
    expect(markup).not.toContain('<script');
  });

  test('of many points answer with an even share of them, and stay small', async () => {
    const view = await mapOf(20_000);
    const markup = mapPair(view, turned(view));
    expect(spots(markup)).toHaveLength(1500);
    expect(markup).toContain('1,500 of 20,001 points answer the pointer');
    expect(markup.length).toBeLessThan(2e6);
  });

  test('are nothing but text, whatever a picture, a class or a model is called', async () => {
    const view = await mapOf(3);
    for (const nasty of nastyStrings) {
      const odd: MapView = {
        title: nasty,
        points: view.points.map((point) => ({ ...point, title: nasty, label: nasty })),
      };
      expect(mapPair(odd, odd)).not.toMatch(/<(script|iframe|math|b>bold|svg)/i);
    }
  });

  test('that were not asked for, or would be one and the same, are said to be none', () => {
    const none = { models: [{ encoder: 'one', msPerPicture: 1, bytes: 1 }] } as Comparison;
    expect(comparisonMaps(none)).toContain('{ maps: true }');
    const one = { ...none, maps: [{ title: 'one', points: [] }] };
    expect(comparisonMaps(one)).toContain('Two maps need two layers or two models');
  });
});
