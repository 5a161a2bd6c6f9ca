/** One decoder process as its owner sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LookbookError, reasonOf } from '../errors.js';
import { faultOf, notStarted } from './faults.js';
import { ANSWERS_FD, lineOf, wordReader } from './lines.js';
import { closeSlate, openSlate, pickUp, wipe, writeSlate } from './slate.js';
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
  const { child, slate } = forked(limits);
  let heard: (answer: Answer) => void = () => undefined;
  let lost: (end: string) => void = () => undefined;
  let said = '';
  let memory = 0;
  /** How it ended. */
  let gone: string | null = null;
  let isBusy = false;
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const answers = child.stdio[ANSWERS_FD];
  if (answers instanceof Socket)
    answers.on(
      'data',
      wordReader<Answer>((answer) => heard(answer)),
    );
  child.stdin?.on('error', () => undefined); // a process that is gone says so itself
  void endOf(child).then((end) => {
    gone = end;
    // A number that is closed while something is written to it may name another file by then.
    if (!isBusy) closeSlate(slate);
    lost(end);
  });
  const order = (word: Order): void => void child.stdin?.write(lineOf(word));
  await new Promise<void>((resolve, reject) => {
    heard = ({ kind }) => kind === 'ready' && resolve();
    lost = (end) => reject(notStarted(said.match(/^\w*Error.*$/m)?.[0] ?? end));
  });
  unref(child);

  /** What the process makes of the picture on the slate. */
  async function answered(word: Order, alone: Alone): Promise<Laid> {
    let over: Over | null = null;
    let timer: NodeJS.Timeout | undefined;
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const startClock = (seconds: number): void => {
      const giveUp = (): void => {
        over ??= { limit: 'seconds', allowed: seconds };
        child.kill('SIGKILL');
      };
      timer = setTimeout(giveUp, CLOCK_FACTOR * 1000 * seconds);
    };
    try {
      return await new Promise<Laid>((resolve, reject) => {
        lost = (end) => reject(faultOf(end, over));
        heard = (answer) => {
          if (answer.kind === 'over') over = answer;
          else if (answer.kind === 'refused') reject(new LookbookError('decode', answer.facts));
          else if (answer.kind === 'done') {
            memory = answer.memory;
            resolve(answer.laid);
          } else if (answer.kind === 'large') {
            clearTimeout(timer);
            void alone(() => {
              if (gone !== null) return settled;
              startClock(answer.seconds);
              order({ kind: 'go' });
              return settled;
            });
          }
        };
        if (gone !== null) lost(gone); // while the picture was laid down
        startClock(limits.seconds);
        order(word);
      });
    } finally {
      clearTimeout(timer);
      settle();
    }
  }

  return {
    get isFit() {
      return gone === null && memory < FIT_BYTES;
    },
    async ask(task, bytes, alone) {
      if (gone !== null) throw faultOf(gone, null);
      ref(child);
      isBusy = true;
      let used = bytes.length;
      try {
        await writeSlate(slate, bytes);
        const { parts, ...rest } = await answered({ kind: 'task', task, bytes: bytes.length }, alone);
        used += parts.reduce((sum, part) => sum + part.bytes, 0);
        return { ...rest, parts: taken(slate, parts) };
      } finally {
        isBusy = false;
        if (gone === null) {
          unref(child);
          wipe(slate, used);
        } else {
          closeSlate(slate);
        }
      }
    },
    end: () => void child.kill('SIGKILL'),
  };
}

function forked(limits: Limits): { child: ChildProcess; slate: number } {
  const slate = openSlateOrSay();
  try {
    const script = fileURLToPath(new URL('./decoder-child.js', import.meta.url));
    const harmless = Object.entries(process.env).filter(([name]) => HARMLESS.test(name));
    const child = spawn(process.execPath, [script, JSON.stringify(limits)], {
      env: Object.fromEntries(harmless),
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', slate],
      windowsHide: true,
    });
    return { child, slate };
  } catch (cause) {
    closeSlate(slate);
    throw notStarted(reasonOf(cause), cause);
  }
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

function taken(slate: number, parts: Laid['parts']): Result['parts'] {
  let from = 0;
  return parts.map(({ bytes, width, height }) => {
    const data = pickUp(slate, bytes, from);
    from += bytes;
    return { data, width, height };
  });
}

/** While a picture is awaited the process stays alive for it; an idle decoder keeps nobody. */
function ref(child: ChildProcess): void {
  child.ref();
  for (const pipe of child.stdio) if (pipe instanceof Socket) pipe.ref();
}

function unref(child: ChildProcess): void {
  child.unref();
  for (const pipe of child.stdio) if (pipe instanceof Socket) pipe.unref();
}
