import { describe, expect, it } from 'vitest';
import { agreementOf } from '#lib/arithmetic/agreement.js';
import { normalise } from '#lib/arithmetic/vectors.js';

/** Vectors of a plane, by their angles in degrees. */
function atAngles(angles: readonly number[]): Float32Array[] {
  return angles.map((angle) => {
    const radians = (angle * Math.PI) / 180;
    return normalise(Float32Array.of(Math.cos(radians), Math.sin(radians)));
  });
}

describe('the agreement of two ways', () => {
  it('equal vectors agree in all', () => {
    const vectors = atAngles([0, 10, 25, 45, 70, 100]);
    const { neighbours, k, least, mean } = agreementOf(vectors, vectors);
    expect({ neighbours, k }).toEqual({ neighbours: 1, k: 2 });
    expect(least).toBeCloseTo(1, 6);
    expect(mean).toBeCloseTo(1, 6);
  });

  it('counts the share of the nearest that both find, and the lowest cosine', () => {
    // The nearest of 0° is 10°; the other way turns the third vector by 60°, so that 5° is nearest to 0° then.
    const one = atAngles([0, 10, 65, 80]);
    const other = atAngles([0, 10, 5, 80]);
    const { neighbours, k, least, mean } = agreementOf(one, other, 1);
    expect(k).toBe(1);
    // 0° → 10° / 5°; 10° → 0° / 5°; 65° → 80° / 0°; 80° → 65° / 10°: none the same.
    expect(neighbours).toBe(0);
    expect(least).toBeCloseTo(0.5, 6);
    expect(mean).toBeCloseTo(3.5 / 4, 6);
  });

  it('of few vectors it compares at most half of the others, for all of them always agree', () => {
    expect(
      [1, 2, 3, 4, 5, 21, 64].map(
        (n) => agreementOf(atAngles(Array(n).fill(0)), atAngles(Array(n).fill(0))).k,
      ),
    ).toEqual([0, 0, 1, 1, 2, 10, 10]);
    expect(agreementOf(atAngles([0]), atAngles([60])).neighbours).toBe(1);
  });
});
