import { describe, expect, it } from 'vitest';
import { field, fieldsOf, float, number, text, varintsOf } from '#lib/onnx-wire.js';

describe('the wire format', () => {
  it('what is written is read again: numbers of any size and sign, texts, messages in messages', () => {
    const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 53 - 1, -1, -128, -(2 ** 40)];
    for (const value of numbers) {
      const [read, ...more] = fieldsOf(number(7, value));
      expect(read).toMatchObject({ id: 7, wire: 0, value });
      expect(more).toEqual([]);
    }
    const inner = Buffer.concat([text(1, 'name é'), float(2, 0.5), number(20, 1)]);
    const [outer] = fieldsOf(field(4000, inner));
    expect(outer!.id).toBe(4000);
    const parts = [...fieldsOf(outer!.body)];
    expect(parts.map(({ id, wire }) => [id, wire])).toEqual([
      [1, 2],
      [2, 5],
      [20, 0],
    ]);
    expect(parts[0]!.body.toString()).toBe('name é');
    expect(parts[1]!.body.readFloatLE()).toBe(0.5);
    expect(Buffer.concat(parts.map(({ whole }) => whole)).equals(inner)).toBe(true);
  });

  it('repeated numbers are read packed and one by one', () => {
    const one = number(1, 300);
    const body = Buffer.concat([0, 300, -1].map((value) => number(1, value).subarray(1)));
    expect([...fieldsOf(one)].flatMap(varintsOf)).toEqual([300]);
    expect([...fieldsOf(field(1, body))].flatMap(varintsOf)).toEqual([0, 300, -1]);
  });

  it('bytes that are no message are refused, and never read beyond their end', () => {
    const refused = (bytes: number[]): string => {
      try {
        return `${[...fieldsOf(Buffer.from(bytes))].length} fields`;
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    };
    expect(refused([])).toBe('0 fields');
    expect(refused([0x0a, 5, 1])).toBe('a field that ends beyond its message');
    expect(refused([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])).toBe(
      'a field that ends beyond its message',
    );
    expect(refused([0x0d, 1, 2])).toBe('a field that ends beyond its message');
    expect(refused([0x08])).toBe('a number that does not end');
    expect(refused([0x08, ...Array(12).fill(0xff)])).toBe('a number that does not end');
    expect(refused([0x0b])).toBe('a field of wire type 3');
    expect(refused([0x02, 0])).toBe('a field that ends beyond its message');
  });
});
