import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Decoder, startDecoder } from '#lib/decoders/decoder.js';

const drawing = (side: number): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"/>`);

let decoder: Decoder;
beforeEach(async () => {
  decoder = await startDecoder({ seconds: 20, memory: 768e6 });
});
afterEach(() => decoder.end());

describe('a decoder process', () => {
  it('asks before it goes on with a large picture, and waits; a small one it simply does', async () => {
    const order: string[] = [];
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const alone = async <Outcome>(work: () => Promise<Outcome>): Promise<Outcome> => {
      order.push('asked');
      await opened;
      order.push('begun');
      return work();
    };
    await decoder.ask({ kind: 'small', px: 32 }, drawing(100), alone);
    expect(order).toEqual([]);
    const large = decoder.ask({ kind: 'small', px: 32 }, drawing(6000), alone).then(() => order.push('done'));
    while (order.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(order).toEqual(['asked']);
    open();
    await large;
    expect(order).toEqual(['asked', 'begun', 'done']);
  });

  it('goes on after a picture that it refused, and is unfit once it has ended', async () => {
    const alone = <Outcome>(work: () => Promise<Outcome>): Promise<Outcome> => work();
    const none = decoder.ask({ kind: 'square', px: 8 }, Buffer.from('no picture'), alone);
    await expect(none).rejects.toThrow(
      '[decode] the picture cannot be read: got contains unsupported image format',
    );
    const { parts } = await decoder.ask({ kind: 'square', px: 8 }, drawing(100), alone);
    expect(parts[0]!.data).toEqual(new Uint8Array(8 * 8 * 3).fill(255));
    expect(decoder.isFit).toBe(true);
    decoder.end();
    // Larger than what is laid down at once: the process ends while that is done.
    const late = Buffer.concat([drawing(100), Buffer.alloc(40e6, ' ')]);
    await expect(decoder.ask({ kind: 'square', px: 8 }, late, alone)).rejects.toThrow('SIGKILL');
    expect(decoder.isFit).toBe(false);
    await expect(decoder.ask({ kind: 'square', px: 8 }, drawing(100), alone)).rejects.toThrow('SIGKILL');
  });
});
