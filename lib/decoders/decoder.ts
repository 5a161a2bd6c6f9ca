/** One decoder process as its owner sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LookbookError, reasonOf } from '../errors.js';
import { answerOf } from './answers.js';
import { afterSeconds } from './clock.js';
import { faultOf, notStarted, undelivered } from './faults.js';
import { ANSWERS_FD, lineOf, wordReader } from './lines.js';
import { closeSlate, openSlate, pickUp, sizeOf, wipe, writeSlate } from './slate.js';
import type { Result, Task } from './tasks.js';
import type { Answer, Laid, Limits, Order, Over } from './words.js';

export interface Decoder {
  /** False when the process is gone or has grown too large to be used again. */
  readonly isFit: boolean;
  /**
   * One picture at a time.
   * @param alone runs what must not run beside another large picture.
   * @throws LookbookError with the reason, the picture's own or that of the end of the process.
   */
  ask(task: Task, bytes: Uint8Array, alone: Alone): Promise<Result>;
  end(): void;
}

/** Runs work while no other such work runs. */
export type Alone = <Outcome>(work: () => Promise<Outcome>) => Promise<Outcome>;

/** A process that watches its own CPU time gets so much more of the clock before it is ended from outside. */
const CLOCK_FACTOR = 4;
/** A process of more memory than this after its picture is replaced: libvips and malloc keep some of a large one's. */
const FIT_BYTES = 200e6;

/** What libvips, its fonts and Node themselves look at; tokens of hubs and all else stay here. */
const HARMLESS =
  /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|LD_LIBRARY_PATH|DYLD_.*|FONTCONFIG_.*|XDG_.*|VIPS_.*|SHARP_.*)$/i;

/** @throws LookbookError when no process can be started. */
export async function startDecoder(limits: Limits): Promise<Decoder> {
  const decoder = new DecoderProcess(limits);
  await decoder.start();
  return decoder;
}

class DecoderProcess implements Decoder {
  readonly #limits: Limits;
  readonly #child: ChildProcess;
  readonly #slate: number;
  /** Who waits for a word of it, and for its end. */
  #heard: (answer: Answer) => void = () => undefined;
  #lost: (end: string) => void = () => undefined;
  /** The end of what it printed. */
  #said = '';
  /** How it ended. */
  #gone: string | null = null;
  #memory = 0;
  #isBusy = false;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#slate = openSlateOrSay();
    this.#child = forked(limits, this.#slate);
    for (const pipe of pipesOf(this.#child)) pipe.on('error', () => undefined); // a process that is gone says so itself
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-2000);
    });
    const read = wordReader((word) => this.#hear(answerOf(word)));
    this.#child.stdio?.[ANSWERS_FD]?.on('data', (piece: Buffer) => {
      try {
        read(piece);
      } catch {
        this.end(); // it has lost its mind, which costs the picture that it holds
      }
    });
    void endOf(this.#child).then((end) => this.#bury(end));
  }

  get isFit(): boolean {
    return this.#gone === null && this.#memory < FIT_BYTES;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#heard = ({ kind }) => kind === 'ready' && resolve();
      this.#lost = (end) => reject(notStarted(this.#said.match(/^\w*Error.*$/m)?.[0] ?? end));
    });
    this.#unref();
  }

  async ask(task: Task, bytes: Uint8Array, alone: Alone): Promise<Result> {
    if (this.#gone !== null) throw faultOf(this.#gone, null);
    this.#isBusy = true;
    this.#ref();
    try {
      await delivered(() => writeSlate(this.#slate, bytes));
      const { parts, ...rest } = await this.#answered({ kind: 'task', task, bytes: bytes.length }, alone);
      return { ...rest, parts: await delivered(async () => taken(this.#slate, parts)) };
    } finally {
      this.#isBusy = false;
      if (this.#gone !== null) closeSlate(this.#slate);
      else {
        this.#unref();
        wipe(this.#slate);
      }
    }
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #hear(answer: Answer): void {
    if ('memory' in answer) this.#memory = answer.memory;
    this.#heard(answer);
  }

  #bury(end: string): void {
    this.#gone = end;
    // A number that is closed while something is written to it may name another file by then.
    if (!this.#isBusy) closeSlate(this.#slate);
    this.#lost(end);
  }

  /** What the process makes of the picture on the slate. */
  async #answered(word: Order, alone: Alone): Promise<Laid> {
    let over: Over | null = null;
    let stopClock: () => void = () => undefined;
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const startClock = (seconds: number): void => {
      stopClock = afterSeconds(CLOCK_FACTOR * seconds, () => {
        over ??= { limit: 'seconds', allowed: seconds };
        this.end();
      });
    };
    const goOn = (seconds: number): Promise<void> => {
      if (this.#gone !== null) return settled;
      startClock(seconds);
      this.#order({ kind: 'go' });
      return settled;
    };
    try {
      return await new Promise<Laid>((resolve, reject) => {
        this.#lost = (end) => reject(faultOf(end, over));
        this.#heard = (answer) => {
          if (answer.kind === 'over') over = answer;
          else if (answer.kind === 'refused') reject(new LookbookError('decode', answer.facts));
          else if (answer.kind === 'undelivered') reject(undelivered(answer.reason));
          else if (answer.kind === 'done') resolve(answer.laid);
          else if (answer.kind === 'large') {
            stopClock();
            void alone(() => goOn(answer.seconds));
          }
        };
        if (this.#gone !== null) this.#lost(this.#gone); // while the picture was laid down
        startClock(this.#limits.seconds);
        this.#order(word);
      });
    } finally {
      stopClock();
      settle();
    }
  }

  #order(word: Order): void {
    this.#child.stdin?.write(lineOf(word));
  }

  /** While a picture is awaited the owner stays alive for it; an idle decoder keeps nobody. */
  #ref(): void {
    this.#child.ref();
    for (const pipe of pipesOf(this.#child)) pipe.ref();
  }

  #unref(): void {
    this.#child.unref();
    for (const pipe of pipesOf(this.#child)) pipe.unref();
  }
}

function forked(limits: Limits, slate: number): ChildProcess {
  try {
    const script = fileURLToPath(new URL('./decoder-child.js', import.meta.url));
    const harmless = Object.entries(process.env).filter(([name]) => HARMLESS.test(name));
    return spawn(process.execPath, [script, JSON.stringify(limits)], {
      env: Object.fromEntries(harmless),
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', slate],
      windowsHide: true,
    });
  } catch (cause) {
    closeSlate(slate);
    throw notStarted(reasonOf(cause), cause);
  }
}

/** None where the system opens no more files: Node then gives a process without any. */
function pipesOf({ stdio }: ChildProcess): Socket[] {
  return (stdio ?? []).filter((pipe) => pipe instanceof Socket);
}

function openSlateOrSay(): number {
  try {
    return openSlate();
  } catch (cause) {
    throw notStarted(reasonOf(cause), cause);
  }
}

/** How it ended, told when its last words were heard. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(reasonOf(error)));
  });
}

/** Passes on what is the picture's way there and back; its failures are not the picture's. */
async function delivered<Outcome>(pass: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await pass();
  } catch (error) {
    throw undelivered(reasonOf(error));
  }
}

function taken(slate: number, parts: Laid['parts']): Result['parts'] {
  const [told, laid] = [parts.reduce((sum, { bytes }) => sum + bytes, 0), sizeOf(slate)];
  if (told > laid) throw new Error(`${told} bytes of which ${laid} are there`);
  let from = 0;
  return parts.map(({ bytes, width, height }) => {
    const data = pickUp(slate, bytes, from);
    from += bytes;
    return { data, width, height };
  });
}
