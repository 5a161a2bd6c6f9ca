import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterSeconds } from '#lib/decoders/clock.js';
import { guard } from '#lib/decoders/guard.js';

describe('the clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends once, after its seconds', () => {
    const onEnd = vi.fn();
    afterSeconds(4, onEnd);
    vi.advanceTimersByTime(3990);
    expect(onEnd).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20_000);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  it('that is stopped does not end', () => {
    const onEnd = vi.fn();
    afterSeconds(4, onEnd)();
    vi.advanceTimersByTime(20_000);
    expect(onEnd).not.toHaveBeenCalled();
  });
});

/** Holds this thread as a laptop that sleeps does: no timer runs, and the time of day goes on. */
function asleep(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * seconds);
}

/** Mutations: one setTimeout in clock.ts for all of the time; no longest gap in guard.ts. */
describe('a sleep of the machine is not held against a picture', () => {
  it('by the clock of its owner', async () => {
    const onEnd = vi.fn();
    const stop = afterSeconds(1.6, onEnd);
    asleep(2);
    await sleep(1);
    expect(onEnd).not.toHaveBeenCalled();
    stop();
  });

  it('by the guard of its decoder', async () => {
    const onOver = vi.fn();
    const watch = guard(onOver);
    watch.begin({ seconds: 1, memory: 1e12 });
    asleep(2);
    await sleep(30);
    expect(onOver).not.toHaveBeenCalled();
    watch.end();
  });
});
