import { describe, expect, it } from 'vitest';
import { allowanceFor } from '#lib/decoders/allowances.js';
import { decoderSettings } from '#lib/decoders/decoder-settings.js';

const given = { seconds: 5, memory: 800 };

describe('what a picture may cost', () => {
  it('is little until its head is read, and time grows with its pixels', () => {
    expect(allowanceFor(null, given)).toEqual({ limits: { seconds: 5, memory: 440 }, isLarge: false });
    const photograph = { width: 8000, height: 5000, format: 'jpeg' };
    expect(allowanceFor(photograph, given)).toEqual({ limits: { seconds: 9, memory: 440 }, isLarge: false });
  });

  it('is all of the memory for a large one, which has it alone', () => {
    const large = { width: 20_000, height: 10_000, format: 'tiff' };
    expect(allowanceFor(large, given)).toEqual({ limits: { seconds: 25, memory: 800 }, isLarge: true });
  });

  it('is weighed by what its format takes: AVIF is large before PNG, and PNG before JPEG', () => {
    const isLarge = (format: string, millions: number): boolean =>
      allowanceFor({ width: 1e6, height: millions, format }, given).isLarge;
    expect(['jpeg', 'png', 'heif'].map((format) => isLarge(format, 24))).toEqual([false, false, true]);
    expect(['jpeg', 'png', 'heif'].map((format) => isLarge(format, 50))).toEqual([false, true, true]);
    expect(isLarge('jpeg', 100)).toBe(true);
  });

  it('is no more time for an SVG, which names any size for nothing', () => {
    const drawn = { width: 20_000, height: 10_000, format: 'svg' };
    expect(allowanceFor(drawn, given)).toEqual({ limits: { seconds: 5, memory: 800 }, isLarge: true });
  });

  it('can be set, and what is no number is refused by its name', () => {
    const set = { LOOKBOOK_DECODERS: '0', LOOKBOOK_DECODE_SECONDS: '0.5', LOOKBOOK_DECODE_MB: '64' };
    expect(decoderSettings(set)).toEqual({ decoders: 0, limits: { seconds: 0.5, memory: 64e6 } });
    expect(decoderSettings({}).decoders).toBeGreaterThanOrEqual(1);
    expect(() => decoderSettings({ LOOKBOOK_DECODERS: 'many' })).toThrowErrorMatchingInlineSnapshot(
      `[LookbookError: [decoder] LOOKBOOK_DECODERS is out of range: got "many", expected a number from 0 to 64. Change it, or leave it unset.]`,
    );
    expect(() => decoderSettings({ LOOKBOOK_DECODE_SECONDS: '-1' })).toThrow('from 0.1 to 3600');
  });
});
