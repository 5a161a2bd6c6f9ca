/** Strikes against a store, many times, until it is whole; then it is compared with one that nobody has struck. */
import { setTimeout as sleep } from 'node:timers/promises';
import { processesOf, serversOf, watchdogsOf } from '../stores/server-kit.js';
import { descendantsOf, stillRuns } from './kill-processes.js';
import {
  BATCH,
  clearPlace,
  differences,
  type KillPlace,
  type KillRoom,
  type State,
  standing,
  stateOf,
} from './kill-room.js';
import { finish, type Moment, moments, Run } from './kill-runs.js';

/** What some strikes came to. */
export interface Tally {
  tries: number;
  /** What was lost, wrong or left behind, in words. */
  losses: string[];
  hangs: number;
  worstSeconds: number;
  /** Runs that ended by themselves with an error: at a batch's edge, to be run again. */
  stops: number;
}

export interface Siege {
  room: KillRoom;
  /** What an undisturbed run leaves. */
  whole: State;
  random: () => number;
}

/** Ends a run, or what it stands on. */
export type Strike = (run: Run, place: KillPlace) => void;

/** A process that was struck, and all that it has started, must be gone by then. */
const GONE_MS = 10_000;

export const killIndexer: Strike = ({ child }) => void child.kill('SIGKILL');

export const killServer: Strike = (_, { folder }) => endAll(serversOf(folder));

/** As terminals, systems and people end a process that does not listen for it. */
export const signal =
  (name: NodeJS.Signals): Strike =>
  ({ child }) =>
    void child.kill(name);

/** Also the one that would start the server again. */
export const killBoth: Strike = ({ child }, { folder }) => {
  child.kill('SIGKILL');
  endAll([...watchdogsOf(folder), ...serversOf(folder)]);
};

/**
 * Kills run after run of one store, each a little further, until it is whole; then the next store, until there were
 * `kills` of them in all. @param strikes taken in turn.
 */
export async function killRuns(
  siege: Siege,
  kills: number,
  { perStore, strikes }: { perStore: number; strikes: readonly Strike[] },
): Promise<Tally> {
  const tally = emptyTally();
  while (tally.tries < kills) {
    const place = siege.room.place();
    let before: ReadonlySet<string> | undefined = new Set();
    for (const moment of moments(Math.min(perStore, kills - tally.tries), siege.random)) {
      const strike = strikes[tally.tries % strikes.length] ?? killIndexer;
      before = await killOne(siege, { place, moment, strike, tally, before });
      if (!before) break;
    }
    await conclude(siege, place, tally);
  }
  return tally;
}

/** Ends the server under runs that are left alone themselves. */
export async function killServers(siege: Siege, kills: number, perRun: number): Promise<Tally> {
  const { pictures } = siege.room;
  const tally = emptyTally();
  while (tally.tries < kills) {
    const place = siege.room.place();
    const run = new Run(place, pictures);
    for (const moment of moments(Math.min(perRun, kills - tally.tries), siege.random)) {
      if (!(await run.reaches(moment, pictures))) break;
      if (serversOf(place.folder).length) tally.tries++;
      killServer(run, place);
    }
    await run.closed;
    if (!run.report) tally.stops++;
    await conclude(siege, place, tally);
  }
  return tally;
}

/** @returns the pictures that stand afterwards; undefined when the run was done before it could be struck. */
async function killOne(
  { room }: Siege,
  {
    place,
    moment,
    strike,
    tally,
    before,
  }: { place: KillPlace; moment: Moment; strike: Strike; tally: Tally; before: ReadonlySet<string> },
): Promise<Set<string> | undefined> {
  const started = performance.now();
  const run = new Run(place, room.pictures);
  const alive = await run.reaches(moment, room.pictures);
  const offspring = descendantsOf(run.child.pid ?? 0).filter(({ line }) => !line.includes(place.folder));
  if (alive) strike(run, place);
  await run.closed;
  if (!alive) return undefined;
  tally.tries++;
  if (!(await within(() => !offspring.some(stillRuns))))
    tally.losses.push(`left behind: ${offspring.filter(stillRuns).map(({ line }) => line)}`);
  const { pictures, halves } = await standing(place);
  const lost = [...before].filter((id) => !pictures.has(id));
  if (lost.length) tally.losses.push(`${lost.length} rows that stood before are gone`);
  if (pictures.size < run.acknowledged)
    tally.losses.push(`${run.acknowledged} were acknowledged, ${pictures.size} stand`);
  if (halves.size > BATCH) tally.losses.push(`${halves.size} pictures are half stored, more than a batch`);
  noteTime(tally, started);
  return pictures;
}

/** The last run of a store is left alone: it encodes what is missing, and nothing else. */
export async function conclude({ room, whole }: Siege, place: KillPlace, tally: Tally): Promise<void> {
  const started = performance.now();
  const stood = (await standing(place)).pictures.size;
  const { added, kept, failed } = await finish(place, room.pictures);
  if (failed.length) tally.losses.push(`${failed.length} pictures failed: ${failed[0]?.reason}`);
  if (kept !== stood || added !== room.pictures - stood)
    tally.losses.push(`${stood} stood, ${kept} were kept and ${added} encoded`);
  tally.losses.push(...differences(whole, await stateOf(place)));
  if (!(await within(() => processesOf(place.folder).length === 0)))
    tally.losses.push(`left behind: ${processesOf(place.folder).map(({ line }) => line)}`);
  noteTime(tally, started);
  await clearPlace(place);
}

function noteTime(tally: Tally, started: number): void {
  const seconds = (performance.now() - started) / 1000;
  tally.worstSeconds = Math.max(tally.worstSeconds, seconds);
  if (seconds > 120) tally.hangs++;
}

async function within(holds: () => boolean): Promise<boolean> {
  const deadline = Date.now() + GONE_MS;
  while (!holds()) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function endAll(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
}

export function emptyTally(): Tally {
  return { tries: 0, losses: [], hangs: 0, worstSeconds: 0, stops: 0 };
}
