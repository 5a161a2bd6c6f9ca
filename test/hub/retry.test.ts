import { describe, expect, it } from 'vitest';
import { networkTrouble } from '#lib/hub/answers.js';
import { defaultLimits, type Outcome, withRetries } from '#lib/hub/retry.js';

const limits = { ...defaultLimits, backoffMs: 0 };

/** How many tries were made before patience ended. */
async function triesOf(outcomes: (attempt: number) => Outcome<never>): Promise<number> {
  let attempts = 0;
  await withRetries(async () => outcomes(++attempts), {
    limits,
    giveUp: () => new Error('at its end'),
  }).catch((error: Error) => expect(error.message).toBe('at its end'));
  return attempts;
}

describe('patience', () => {
  const noNetwork = networkTrouble(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))!;

  it('ends soon on a machine without a network', async () => {
    expect(await triesOf(() => noNetwork)).toBe(2);
  });

  it('lasts when the network goes away in the middle of a file', async () => {
    const cut = { trouble: 'the connection was cut', gained: 10 };
    expect(await triesOf((attempt) => (attempt === 1 ? cut : noNetwork))).toBe(limits.tries);
  });

  it('lasts while somebody answers badly', async () => {
    const refused = networkTrouble(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))!;
    expect(await triesOf(() => refused)).toBe(limits.tries);
  });
});
