/** The decoder processes of this process: started when pictures come, replaced when one ends, gone when none come. */
import pLimit, { type LimitFunction } from 'p-limit';
import { type Decoder, startDecoder } from './decoder.js';
import { type DecoderSettings, decoderSettings } from './decoder-settings.js';
import { perform, type Result, type Task } from './tasks.js';

/** A kernel may stay open for days. */
const IDLE_MS = 60_000;

interface Pool extends DecoderSettings {
  turn: LimitFunction;
  alone: LimitFunction;
}

let pool: Pool | undefined;
const idle: { decoder: Decoder; timer: NodeJS.Timeout }[] = [];

/**
 * Has a task done in a decoder process, or in this one where LOOKBOOK_DECODERS is 0.
 * @throws LookbookError with the picture's reason, or when no process can be started.
 */
export async function ask(task: Task, bytes: Uint8Array): Promise<Result> {
  pool ??= makePool();
  const { decoders, limits, turn, alone } = pool;
  if (decoders === 0) return perform(task, bytes, async () => undefined);
  return turn(async () => {
    const decoder = takeIdle() ?? (await startDecoder(limits));
    try {
      return await decoder.ask(task, bytes, alone);
    } finally {
      keepIdle(decoder);
    }
  });
}

/** Ends the decoders that are idle. The next picture starts others, as the environment then says. */
export function endDecoders(): void {
  for (const { decoder, timer } of idle.splice(0)) {
    clearTimeout(timer);
    decoder.end();
  }
  pool = undefined;
}

/** The one used last: the others may end. */
function takeIdle(): Decoder | undefined {
  for (;;) {
    const last = idle.pop();
    clearTimeout(last?.timer);
    if (!last || last.decoder.isFit) return last?.decoder;
  }
}

function keepIdle(decoder: Decoder): void {
  if (!decoder.isFit) {
    decoder.end();
    return;
  }
  const timer = setTimeout(() => {
    idle.splice(
      idle.findIndex((one) => one.decoder === decoder),
      1,
    );
    decoder.end();
  }, IDLE_MS).unref();
  idle.push({ decoder, timer });
}

function makePool(): Pool {
  const settings = decoderSettings();
  return { ...settings, turn: pLimit(Math.max(1, settings.decoders)), alone: pLimit(1) };
}
