import { createHash } from 'node:crypto';
import { LookbookError } from '../errors.js';
import { networkTrouble, passingTrouble, refusalOf, unreachable, unusable } from './answers.js';
import { fileFault } from './facts.js';
import { type HubPlace, placeInWords } from './names.js';
import { defaultLimits, type HubLimits, type Outcome, withRetries } from './retry.js';
import type { HubSettings } from './settings.js';
import { type HubAnswer, openTransport, type Transport } from './transport.js';

export interface Question {
  /** What is asked for, as errors say it. */
  place: HubPlace;
  settings: HubSettings;
  maxBytes: number;
  limits?: Partial<HubLimits> | undefined;
  signal?: AbortSignal | undefined;
  /** Which refusals are an answer too: null. */
  missing?: (answer: HubAnswer) => boolean;
}

/** Reads a small answer of the hub into memory, in as many tries as it takes. */
export async function askHub(address: URL, question: Question): Promise<Uint8Array | null> {
  const limits = { ...defaultLimits, ...question.limits };
  const transport = await openTransport(question.settings, limits);
  try {
    return await withRetries(() => askOnce(transport, address, question), {
      limits,
      signal: question.signal,
      giveUp: (last, tries) => unreachable(last, question.place, { tries }),
    });
  } finally {
    await transport.close();
  }
}

async function askOnce(
  transport: Transport,
  address: URL,
  question: Question,
): Promise<Outcome<Uint8Array | null>> {
  const { place, settings, signal } = question;
  try {
    const answer = await transport.get(address, { signal });
    try {
      const passing = passingTrouble(answer);
      if (passing) return passing;
      if (question.missing?.(answer)) return { value: null };
      if (answer.status !== 200) throw refusalOf(answer, place, settings);
      return { value: await readBounded(answer, question) };
    } finally {
      answer.discard();
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    if (thrown instanceof LookbookError) throw thrown;
    const trouble = networkTrouble(thrown);
    if (!trouble) throw unusable(thrown, place);
    return trouble;
  }
}

async function readBounded(answer: HubAnswer, { place, maxBytes }: Question): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new LookbookError('hub', {
        what: `${placeInWords(place)} is too large to be read into memory`,
        got: `more than ${maxBytes} bytes`,
        expected: 'a small text',
        mend: 'Check repository, revision and path.',
      });
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  const fault = fileFault(answer.identity, {
    bytes: whole.length,
    sha256: createHash('sha256').update(whole).digest('hex'),
  });
  if (!fault) return whole;
  throw new LookbookError('hub', {
    what: `${placeInWords(place)} is not what the hub says of it`,
    ...fault,
    mend: 'Something on the way changed it: check HF_ENDPOINT and the proxy.',
  });
}
