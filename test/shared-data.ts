import { existsSync } from 'node:fs';
import { describe, type SuiteFactory } from 'vitest';

/** Reference values and real pictures that lie beside the checkout on some machines and never in it. */
export const shared: string = new URL('../../shared/', import.meta.url).pathname;

/** A suite on data beside the checkout; where they are not, it is skipped and says so. */
export function describeWithShared(name: string, folder: string, suite: SuiteFactory): void {
  const there = existsSync(shared + folder);
  if (!there) console.warn(`SKIPPED “${name}”: ${shared + folder} is not on this machine`);
  describe.skipIf(!there)(name, suite);
}
