/** Several processes at one store: indexers that must wait for each other, and kernels that ask meanwhile. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type IndexReport, openLookbook } from '#lib/index.js';
import { differences, type KillPlace, type KillRoom, type State, stateOf } from './kill-room.js';

const script = fileURLToPath(new URL('./index-once.mjs', import.meta.url));
const REFUSED = /another run is indexing attacked: got process (\d+)/;
const AT_ONCE = 20;
const HANG_S = 120;

export interface Tally {
  tries: number;
  losses: string[];
  hangs: number;
  worstSeconds: number;
}

interface Indexer {
  child: ChildProcess;
  said: Promise<{ report?: IndexReport; error?: string; seconds: number }>;
}

/** What an undisturbed run over the same pictures leaves. */
export async function wholeState(room: KillRoom, kind: 'flat' | 'chroma'): Promise<State> {
  const place = room.place();
  if (kind === 'flat') place.config.chroma = `flat:${place.folder}/store`;
  const book = await openLookbook(place.config);
  await book.index().finally(() => book.close());
  return stateOf(place);
}

/** All begin at once, each from a project of its own: one makes the index, the others are refused or find it made. */
export async function racingIndexers(
  { room, whole }: { room: KillRoom; whole: State },
  { races, indexers }: { races: number; indexers: number },
): Promise<Tally> {
  const tally: Tally = { tries: races, losses: [], hangs: 0, worstSeconds: 0 };
  for (let race = 0; race < races; race++) {
    const place = room.place();
    const say = (sentence: string): unknown => tally.losses.push(`race ${race}: ${sentence}`);
    const running = await Promise.all(Array.from({ length: indexers }, (_, n) => start(place, n)));
    let added = 0;
    for (const { report, error = '', seconds } of await Promise.all(running.map(({ said }) => said))) {
      tally.worstSeconds = Math.max(tally.worstSeconds, seconds);
      if (seconds > HANG_S) tally.hangs++;
      if (report) added += report.added;
      else if (!REFUSED.test(error)) say(`one says ${error}`);
    }
    if (added !== room.pictures) say(`${added} pictures were encoded, not ${room.pictures}`);
    for (const difference of differences(whole, await stateOf(place))) say(difference);
  }
  return tally;
}

/** An indexer is held in the middle of its run, so that it cannot be done before a second one comes. */
export async function secondIsRefused({ room, whole }: { room: KillRoom; whole: State }): Promise<string[]> {
  const place = room.place();
  const first = await start(place, 0);
  await begun(first);
  first.child.kill('SIGSTOP');
  const { error = 'nothing' } = await (await start(place, 1)).said;
  first.child.kill('SIGCONT');
  const { report } = await first.said;
  const wrong = differences(whole, await stateOf(place));
  if (REFUSED.exec(error)?.[1] !== String(first.child.pid)) wrong.push(`the second one says ${error}`);
  if (report?.added !== room.pictures) wrong.push(`the first one added ${report?.added}`);
  return wrong;
}

export interface Asked extends Tally {
  /** Milliseconds of 95 in 100 questions, 20 at a time: while the index is made, and afterwards. */
  busyP95: number;
  idleP95: number;
}

/** Another kernel asks, 20 questions at a time, for as long as the index is made. */
export async function askedMeanwhile(
  { room, whole }: { room: KillRoom; whole: State },
  { idleRounds }: { idleRounds: number },
): Promise<Asked> {
  const place = room.place();
  const losses: string[] = [];
  const book = await openLookbook(place.config);
  try {
    const ask = async (n: number): Promise<number> => {
      const begin = performance.now();
      try {
        const text = ['red', 'a blue disc', 'green', 'something round'][n % 4]!;
        const { hits } = await book.search({ text, k: 10, minRelevance: 0, collapse: false });
        if (new Set(hits.map(({ imageId }) => imageId)).size !== hits.length) losses.push('a hit came twice');
        const foreign = hits.find(({ imageId }) => !pictures.has(imageId));
        if (foreign) losses.push(`${foreign.imageId} is no picture of these`);
      } catch (error) {
        losses.push(`a question failed: ${error instanceof Error ? error.message : error}`);
      }
      return performance.now() - begin;
    };
    const pictures = new Set([...whole.rows.values()].flatMap((rows) => [...rows.keys()]));
    const round = (): Promise<number[]> => Promise.all(Array.from({ length: AT_ONCE }, (_, n) => ask(n)));
    await round(); // what is loaded once
    const indexer = await start(place, 0);
    await begun(indexer);
    const busy: number[] = [];
    let going = true;
    const said = indexer.said.finally(() => {
      going = false;
    });
    while (going) busy.push(...(await round()));
    const { report, error, seconds } = await said;
    if (report?.added !== room.pictures) losses.push(`the indexer says ${error ?? report?.added}`);
    const idle: number[] = [];
    for (let n = 0; n < idleRounds; n++) idle.push(...(await round()));
    losses.push(...differences(whole, await stateOf(place)));
    return {
      tries: busy.length,
      losses: [...new Set(losses)],
      hangs: [...busy, ...idle].filter((ms) => ms > 1000 * HANG_S).length,
      worstSeconds: Math.max(...busy, 0) / 1000,
      busyP95: p95(busy),
      idleP95: p95(idle),
      ...(seconds > HANG_S ? { hangs: 1 } : {}),
    };
  } finally {
    await book.close();
  }
}

async function start(place: KillPlace, n: number): Promise<Indexer> {
  const derived = join(place.folder, `derived-${n}`);
  await mkdir(derived, { recursive: true });
  const begin = performance.now();
  const child = spawn(process.execPath, [script, JSON.stringify(place.config)], {
    env: { ...process.env, LOOKBOOK_DERIVED: derived },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(child.stdout).then((heard) => {
    const line = (word: string): string | undefined =>
      heard
        .split('\n')
        .find((each) => each.startsWith(`${word} `))
        ?.slice(word.length + 1);
    const [report, error] = [line('report'), line('error')];
    return {
      seconds: (performance.now() - begin) / 1000,
      ...(report === undefined ? {} : { report: JSON.parse(report) }),
      ...(error === undefined ? {} : { error }),
    };
  });
  return { child, said };
}

/** Its first line of progress: it holds the store. */
async function begun({ child }: Indexer): Promise<void> {
  if (child.stdout) await once(child.stdout, 'data');
}

function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(0.95 * values.length)] ?? 0;
}
