import { describe, expect, it } from 'vitest';
import { networkTrouble } from '#lib/hub/answers.js';
import { createMeter } from '#lib/hub/meter.js';
import { progressLine } from '#lib/hub/progress-line.js';
import { defaultLimits, retryAfterMs, withRetries } from '#lib/hub/retry.js';

const state = {
  path: 'onnx/model.onnx',
  doneBytes: 0,
  totalBytes: 352_000_000,
  bytesPerSecond: 0,
  secondsLeft: null,
};

describe('the progress line', () => {
  it('says bytes, share, rate and time left', () => {
    const lines = [
      state,
      { ...state, doneBytes: 999, totalBytes: 1000, bytesPerSecond: 10, secondsLeft: 0.1 },
      { ...state, doneBytes: 12_300_000, bytesPerSecond: 4_200_000, secondsLeft: 80.9 },
      { ...state, doneBytes: 351_999_999, bytesPerSecond: 999_600, secondsLeft: 7201 },
      { ...state, doneBytes: 352_000_000, bytesPerSecond: 5, secondsLeft: 0 },
      { ...state, doneBytes: 1_500_000_000, totalBytes: null, bytesPerSecond: 950 },
      { ...state, totalBytes: 0 },
    ].map(progressLine);
    expect(lines).toMatchInlineSnapshot(`
      [
        "onnx/model.onnx · 0 bytes of 352 MB (0 %)",
        "onnx/model.onnx · 999 bytes of 1.0 kB (99 %) · 10 bytes/s · less than a second left",
        "onnx/model.onnx · 12 MB of 352 MB (3 %) · 4.2 MB/s · about a minute left",
        "onnx/model.onnx · 352 MB of 352 MB (99 %) · 1.0 MB/s · about 2 hours left",
        "onnx/model.onnx · 352 MB of 352 MB (100 %) · done",
        "onnx/model.onnx · 1.5 GB · 950 bytes/s",
        "onnx/model.onnx · 0 bytes of 0 bytes (100 %) · done",
      ]
    `);
    for (const line of lines) expect(line).not.toContain('\n');
  });
});

describe('the meter', () => {
  it('measures the last seconds, and not what stood before', () => {
    let ms = 0;
    const meter = createMeter('a', 0, () => ms);
    expect(meter.at(1_000_000, 2_000_000)).toMatchObject({ bytesPerSecond: 0, secondsLeft: null });
    ms = 1000;
    expect(meter.at(1_100_000, 2_000_000)).toMatchObject({ bytesPerSecond: 100_000, secondsLeft: 9 });
    for (let second = 2; second <= 20; second++) {
      ms = second * 1000;
      meter.at(1_100_000 + (second - 1) * 10_000, 2_000_000);
    }
    expect(meter.now().bytesPerSecond).toBe(10_000);
  });

  it('tells at most so often, and begins anew with the bytes', () => {
    let ms = 0;
    const meter = createMeter('a', 100, () => ms);
    expect(meter.at(0, null)).toMatchObject({ doneBytes: 0, totalBytes: null });
    ms = 50;
    expect(meter.at(500, null)).toBe(null);
    ms = 100;
    expect(meter.at(1000, null)).toMatchObject({
      doneBytes: 1000,
      bytesPerSecond: 10_000,
      secondsLeft: null,
    });
    ms = 200;
    expect(meter.at(0, null)).toMatchObject({ doneBytes: 0, bytesPerSecond: 0 });
  });
});

describe('trouble on the way', () => {
  it('may pass, but for a certificate that is not trusted', () => {
    const thrown = (code: string): Error =>
      new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });
    for (const code of [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ]) {
      expect(networkTrouble(thrown(code)), code).toBe(undefined);
    }
    expect(networkTrouble(thrown('ECONNRESET'))).toMatchObject({ trouble: 'inner' });
    expect(networkTrouble(thrown('UND_ERR_BODY_TIMEOUT'))).toMatchObject({ trouble: 'no byte came in time' });
  });
});

describe('patience', () => {
  it('doubles from try to try', async () => {
    const at: number[] = [];
    const attempt = async (): Promise<{ trouble: string }> => {
      at.push(performance.now());
      return { trouble: 'no' };
    };
    const limits = { ...defaultLimits, backoffMs: 20, tries: 4 };
    const giveUp = (_: unknown, tries: number): Error => new Error(`after ${tries}`);
    await expect(withRetries(attempt, { limits, giveUp })).rejects.toThrow('after 4');
    const gaps = at.slice(1).map((ms, n) => ms - at[n]!);
    for (const [n, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(20 * 2 ** n - 1);
  });
});

describe('Retry-After', () => {
  it('is seconds or a date, else nothing', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:30 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBe(undefined);
    expect(retryAfterMs(null, now)).toBe(undefined);
  });
});
