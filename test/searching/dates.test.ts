import { describe, expect, it } from 'vitest';
import { timeSpan } from '#lib/searching/dates.js';

const told = (value: unknown): string => {
  const span = timeSpan(value);
  return span ? `${new Date(span.from).toISOString()} ${new Date(span.to).toISOString()}` : 'none';
};

describe('a day or time in words', () => {
  it.each([
    ['2023', '2023-01-01T00:00:00.000Z 2023-12-31T23:59:59.999Z'],
    ['2023-12', '2023-12-01T00:00:00.000Z 2023-12-31T23:59:59.999Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z 2024-02-29T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z 2024-02-29T23:59:59.999Z'],
    [' 2023-05-17T10:30 ', '2023-05-17T10:30:00.000Z 2023-05-17T10:30:59.999Z'],
    ['2023-05-17 10:30:05', '2023-05-17T10:30:05.000Z 2023-05-17T10:30:05.999Z'],
    ['2023-05-17T10:30:05.25Z', '2023-05-17T10:30:05.250Z 2023-05-17T10:30:05.250Z'],
    ['2023-05-17T00:30:00+02:00', '2023-05-16T22:30:00.000Z 2023-05-16T22:30:00.999Z'],
    ['2023-05-17T22:30:00-0230', '2023-05-18T01:00:00.000Z 2023-05-18T01:00:00.999Z'],
    ['0099', '0099-01-01T00:00:00.000Z 0099-12-31T23:59:59.999Z'],
  ])('%s lasts from its first millisecond to its last', (text, span) => {
    expect(told(text)).toBe(span);
  });

  it('is a Date too, for one millisecond', () => {
    expect(timeSpan(new Date(5))).toEqual({ from: 5, to: 5 });
  });

  it.each([
    '2023-02-29',
    '2023-00',
    '2023-13',
    '2023-04-31',
    '2023-05-17T24:00',
    '2023-05-17T10:60',
    '23',
    '17.05.2023',
    '05/17/2023',
    'May 2023',
    '',
    2023,
    null,
    undefined,
    {},
    new Date(Number.NaN),
  ])('%s is none', (value) => {
    expect(told(value)).toBe('none');
  });
});
