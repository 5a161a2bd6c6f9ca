/** Measuring what decoder processes cost: the same work with so many of them, or none. */
import { endDecoders } from '../decoders/decoder-pool.js';
import { DECODERS_SETTING } from '../decoders/decoder-settings.js';

/** @param decoders 0: pictures are decoded in this process; undefined: as the environment says. */
export async function withDecoders<Outcome>(
  decoders: number | undefined,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const before = process.env[DECODERS_SETTING];
  const set = (value: string | undefined): void => {
    if (value === undefined) delete process.env[DECODERS_SETTING];
    else process.env[DECODERS_SETTING] = value;
    endDecoders();
  };
  set(decoders === undefined ? before : String(decoders));
  try {
    return await work();
  } finally {
    set(before);
  }
}
