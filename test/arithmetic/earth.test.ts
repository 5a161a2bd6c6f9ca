import { describe, expect, it } from 'vitest';
import { kmBetween, positionOf } from '#lib/arithmetic/earth.js';

const greenwich = {
  GPSLatitude: [51, 28, 40.12],
  GPSLatitudeRef: 'N',
  GPSLongitude: [0, 0, 5.31],
  GPSLongitudeRef: 'W',
};

describe('a position of EXIF', () => {
  it('is degrees, minutes and seconds, with its side of the equator and of Greenwich', () => {
    expect(positionOf(greenwich)).toEqual({ latitude: 51.4778111, longitude: -0.001475 });
    const south = { ...greenwich, GPSLatitudeRef: 'S', GPSLongitudeRef: 'E' };
    expect(positionOf(south)).toEqual({ latitude: -51.4778111, longitude: 0.001475 });
  });

  it('may be degrees alone, or minutes with a fraction', () => {
    const short = { ...greenwich, GPSLatitude: 51.5, GPSLongitude: [0, 30.6] };
    expect(positionOf(short)).toEqual({ latitude: 51.5, longitude: -0.51 });
  });

  it.each([
    ['a part that is no number', { GPSLatitude: [51, Number.NaN, 0] }],
    ['a division by zero', { GPSLongitude: [Number.POSITIVE_INFINITY, 0, 0] }],
    ['a latitude beyond the pole', { GPSLatitude: [91, 0, 0] }],
    ['a longitude beyond the date line', { GPSLongitude: [180, 0, 1] }],
    ['sixty minutes', { GPSLatitude: [51, 60, 0] }],
    ['a negative part', { GPSLatitude: [-51, 0, 0] }],
    ['no side', { GPSLatitudeRef: '' }],
    ['a side that is none', { GPSLongitudeRef: 'N' }],
    ['four parts', { GPSLatitude: [51, 0, 0, 0] }],
    ['no latitude', { GPSLatitude: undefined }],
    ['bytes where text belongs', { GPSLatitudeRef: new Uint8Array([78]) }],
    ['a receiver without a fix', { GPSStatus: 'V' }],
    ['zero and zero', { GPSLatitude: [0, 0, 0], GPSLongitude: [0, 0, 0] }],
  ])('with %s is none', (_, wrong) => {
    expect(positionOf({ ...greenwich, ...wrong })).toBeUndefined();
  });

  it('is none where EXIF has no such part', () => {
    expect(positionOf(undefined)).toBeUndefined();
    expect(positionOf(null)).toBeUndefined();
  });
});

describe('a distance', () => {
  const berlin = { latitude: 52.5163, longitude: 13.3777 };
  const paris = { latitude: 48.8584, longitude: 2.2945 };

  it('is that along the ground, and the same both ways', () => {
    // Vincenty on the ellipsoid gives 880.0 km between the Brandenburg Gate and the Eiffel Tower.
    expect(kmBetween(berlin, paris)).toBeGreaterThan(875);
    expect(kmBetween(berlin, paris)).toBeLessThan(885);
    expect(kmBetween(paris, berlin)).toBe(kmBetween(berlin, paris));
    expect(kmBetween(paris, paris)).toBe(0);
  });

  it('is short across the date line, and half the round of the earth to the other side', () => {
    const across = kmBetween({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 });
    expect(across).toBeCloseTo(111.195, 2);
    const around = kmBetween({ latitude: 10, longitude: 20 }, { latitude: -10, longitude: -160 });
    expect(around).toBeCloseTo(Math.PI * 6371.0088, 2);
  });
});
