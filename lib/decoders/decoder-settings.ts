/** How many decoder processes there are and what they may take, from the environment. */
import { availableParallelism } from 'node:os';
import { LookbookError } from '../errors.js';
import type { Limits } from './words.js';

export const DECODERS_SETTING = 'LOOKBOOK_DECODERS';
export const SECONDS_SETTING = 'LOOKBOOK_DECODE_SECONDS';
export const MEMORY_SETTING = 'LOOKBOOK_DECODE_MB';

export interface DecoderSettings {
  /** 0: pictures are decoded in the process that asks. */
  decoders: number;
  limits: Limits;
}

/**
 * One for each core and one more, as each decodes one picture at a time and waits while the next is laid down (2 cores, busy
 * with other work: 3 decode 1.2 to 1.3 times as much as 2). An idle one takes some 70 MB.
 */
const MOST_DECODERS = 8;
/** CPU seconds of a picture of no size: it is named within 5 of the clock where nothing else runs. */
const SECONDS = 4.5;
/**
 * Beyond an idle process, for one large picture at a time: JPEG of 175 million pixels, turned PNG of 110, WebP of 75, AVIF
 * of 34. With it a run over 20,000 damaged files stays within 1 GB more than it had (test/long/pictures.test.ts).
 */
const MEGABYTES = 700;

/** @throws LookbookError when a variable is no number of its kind. */
export function decoderSettings(environment: NodeJS.ProcessEnv = process.env): DecoderSettings {
  const read = (name: string, usual: number, range: { least: number; most: number }): number => {
    const text = environment[name];
    const value = text ? Number(text) : usual;
    if (value >= range.least && value <= range.most) return value;
    throw new LookbookError('decoder', {
      what: `${name} is out of range`,
      got: JSON.stringify(text),
      expected: `a number from ${range.least} to ${range.most}`,
      mend: 'Change it, or leave it unset.',
    });
  };
  const cores = Math.min(availableParallelism() + 1, MOST_DECODERS);
  return {
    decoders: Math.floor(read(DECODERS_SETTING, cores, { least: 0, most: 64 })),
    limits: {
      seconds: read(SECONDS_SETTING, SECONDS, { least: 0.1, most: 3600 }),
      memory: 1e6 * read(MEMORY_SETTING, MEGABYTES, { least: 32, most: 65_536 }),
    },
  };
}
