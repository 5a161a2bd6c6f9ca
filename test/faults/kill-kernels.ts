/** A notebook's kernel that indexes, and is restarted or dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import { executeNotebook } from '#lib/notebook/execute.js';
import { createScratch } from '../notebook/scratch.js';
import { conclude, emptyTally, type Siege, type Tally } from './kill-campaigns.js';
import { descendantsOf, stillRuns } from './kill-processes.js';
import { BATCH, type KillPlace, standing } from './kill-room.js';

export type KernelEnd = 'interrupt' | 'restart' | 'death';

const GONE_MS = 10_000;
/** So long does Jupyter let a kernel that is shut down end by itself, here. */
const RESTART_MS = 400;

/** Ends a kernel in the middle of its run, once for each of `ends`, each time on the store that the last one left. */
export async function endKernels(siege: Siege, ends: readonly KernelEnd[]): Promise<Tally> {
  const tally = emptyTally();
  const place = siege.room.place();
  const scratch = await createScratch();
  try {
    const path = await scratch.notebook(
      "import { interruptSignal, openLookbook } from '../../dist/index.js';",
      `const book = await openLookbook(${JSON.stringify(place.config)});`,
      'const report = await book.index({ signal: interruptSignal(), onProgress: ({ done, total }) => console.log(`done ${done} of ${total}`) });',
    );
    for (const end of ends) await endOne(path, { siege, place, end, tally });
    await conclude(siege, place, tally);
  } finally {
    await scratch.remove();
  }
  return tally;
}

async function endOne(
  path: string,
  { siege, place, end, tally }: { siege: Siege; place: KillPlace; end: KernelEnd; tally: Tally },
): Promise<void> {
  const { pictures } = siege.room;
  const before = (await standing(place)).pictures;
  const goal = before.size + siege.random() * 0.3 * pictures;
  const started = performance.now();
  const interrupt = new AbortController();
  let acknowledged = before.size;
  let ended = false;
  const strike = async (): Promise<void> => {
    if (end === 'interrupt') return interrupt.abort();
    const kernel = kernelPid();
    if (end === 'restart') {
      // As Jupyter restarts one whose cell runs: an interrupt, and no long wait for it.
      signalTo(kernel, 'SIGINT');
      await sleep(RESTART_MS);
    }
    signalTo(kernel, 'SIGKILL');
  };
  let offspring: ReturnType<typeof descendantsOf> = [];
  const { status } = await executeNotebook(path, {
    signal: interrupt.signal,
    onMessage(message) {
      if (message.kind !== 'stream') return;
      for (const [, done, total] of message.text.matchAll(/done (\d+) of (\d+)/g))
        acknowledged = Math.max(acknowledged, pictures - Number(total) + Number(done));
      if (ended || acknowledged <= goal) return;
      ended = true;
      offspring = descendantsOf(process.pid).filter(({ line }) => !line.includes(place.folder));
      void strike();
    },
  });
  tally.tries++;
  if (!ended || status !== (end === 'interrupt' ? 'stopped' : 'died'))
    tally.losses.push(`the kernel ended as ${status}, not by ${end}`);
  const own = offspring.filter(({ line }) => /kernel-child|decoder/.test(line));
  const deadline = Date.now() + GONE_MS;
  while (own.some(stillRuns) && Date.now() < deadline) await sleep(20);
  if (own.some(stillRuns)) tally.losses.push(`left behind: ${own.filter(stillRuns).map(({ line }) => line)}`);
  const { pictures: after, halves } = await standing(place);
  if ([...before].some((id) => !after.has(id))) tally.losses.push('rows that stood before are gone');
  if (after.size < acknowledged) tally.losses.push(`${acknowledged} were acknowledged, ${after.size} stand`);
  if (halves.size > BATCH) tally.losses.push(`${halves.size} pictures are half stored`);
  tally.worstSeconds = Math.max(tally.worstSeconds, (performance.now() - started) / 1000);
}

function kernelPid(): number {
  return descendantsOf(process.pid).find(({ line }) => line.includes('kernel-child'))?.pid ?? 0;
}

function signalTo(pid: number, name: NodeJS.Signals): void {
  if (pid) process.kill(pid, name);
}
