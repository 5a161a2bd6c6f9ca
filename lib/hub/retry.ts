import { setTimeout as sleep } from 'node:timers/promises';

/** Patience and bounds; tests shorten them. */
export interface HubLimits {
  /** No byte for so long is a stall. */
  stallMs: number;
  /** The wait after the first trouble; it doubles with each further one. */
  backoffMs: number;
  /** A hub that asks for a longer pause is not waited for. */
  retryAfterMaxMs: number;
  /** Tries in a row that bring less than `gainBytes`. */
  tries: number;
  /** A try that brought so much is no failure: it only went on from there. */
  gainBytes: number;
  /** How often a download of another process is looked at. */
  lockPollMs: number;
  /** At most so often progress is told. */
  progressMs: number;
  /** For a file whose size neither manifest nor hub tell. */
  maxBytes: number;
}

export const defaultLimits: HubLimits = {
  stallMs: 30_000,
  backoffMs: 1000,
  retryAfterMaxMs: 120_000,
  tries: 6,
  gainBytes: 2 ** 20,
  lockPollMs: 500,
  progressMs: 200,
  maxBytes: 16 * 2 ** 30,
};

/** What one try came to: a value, or trouble that may pass. Trouble that will not pass is thrown. */
export type Outcome<Value> = { value: Value } | Trouble;

export interface Trouble {
  /** In a few words: "the connection was cut". */
  trouble: string;
  /** The pause that the hub asks for. */
  afterMs?: number;
  /** Bytes that this try brought nevertheless. */
  gained?: number;
  /** No name is found and no way leads out: as long as nothing has come, that is soon told as no network. */
  alone?: boolean;
  cause?: unknown;
}

export interface RetryOptions {
  limits: HubLimits;
  signal?: AbortSignal | undefined;
  /** The error when patience is at its end. */
  giveUp: (last: Trouble, tries: number) => Error;
}

const backoffMaxMs = 30_000;
/** Tries in a row without a network, as long as nothing has come yet; a laptop that wakes up has more patience. */
const triesAlone = 2;

/**
 * Tries until there is a value, with growing pauses.
 * @throws what `giveUp` makes, what the attempt throws, or the signal's reason.
 */
export async function withRetries<Value>(
  attempt: () => Promise<Outcome<Value>>,
  { limits, signal, giveUp }: RetryOptions,
): Promise<Value> {
  let hasCome = false;
  for (let inRow = 1; ; inRow++) {
    signal?.throwIfAborted();
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    signal?.throwIfAborted();
    if ((outcome.gained ?? 0) >= limits.gainBytes) inRow = 1;
    const patient = (outcome.afterMs ?? 0) <= limits.retryAfterMaxMs;
    hasCome ||= (outcome.gained ?? 0) > 0;
    const tries = outcome.alone && !hasCome ? Math.min(triesAlone, limits.tries) : limits.tries;
    if (inRow >= tries || !patient) throw giveUp(outcome, inRow);
    await pause(Math.max(outcome.afterMs ?? 0, backoff(limits.backoffMs, inRow)), signal);
  }
}

/** Doubling, with up to a quarter more so that many machines do not come back at the same moment. */
function backoff(firstMs: number, inRow: number): number {
  return Math.min(backoffMaxMs, firstMs * 2 ** (inRow - 1)) * (1 + Math.random() / 4);
}

/** @throws the signal's own reason. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** Retry-After in ms from now: seconds, or a date. */
export function retryAfterMs(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
