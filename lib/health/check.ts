import type { Finding } from '../types.js';

/** One thing to look at. */
export interface Check {
  name: string;
  /** Without it a lookbook still works. */
  optional?: true;
  /** Says what was found, one line each. @throws with what is wrong and how to mend it. */
  look(): Promise<string | string[]>;
}

/** Looks at one thing after the other, so that what takes memory is given back before the next is opened. */
export async function* examine(checks: readonly Check[]): AsyncGenerator<Finding> {
  for (const { name, optional, look } of checks) {
    try {
      yield { name, state: 'well', says: [await look()].flat() };
    } catch (thrown) {
      const says = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
      yield { name, state: optional ? 'lacking' : 'wrong', says };
    }
  }
}
