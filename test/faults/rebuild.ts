/** A store is spoiled, found to be so, rebuilt on request and indexed again. */
import { join } from 'node:path';
import { defineConfig } from '#lib/config.js';
import { examine } from '#lib/health/check.js';
import { rebuild } from '#lib/health/rebuild.js';
import { storeChecks } from '#lib/health/store.js';
import type { Rebuilt } from '#lib/types.js';
import { processesOf, until } from '../stores/server-kit.js';
import {
  copyPlace,
  differences,
  type KillPlace,
  type KillRoom,
  type State,
  stateOf,
  withStore,
} from './kill-room.js';
import { finish } from './kill-runs.js';
import type { Damage } from './rebuild-damages.js';

/** After so many writes Chroma takes rows into the files of its index. */
const SYNC_ROWS = 1000;

export interface Rebuilding {
  /** What the doctor says of the spoiled store; undefined where it finds nothing wrong. */
  found: string | undefined;
  rebuilt: Rebuilt;
  /** Pictures that the next run encoded, or whose segments it made. */
  encoded: number;
  /** How the store then differs from the one that was never spoiled. */
  differences: string[];
  seconds: number;
}

/** A store whose rows have been taken into its index, and what it holds. */
export async function openWhole(room: KillRoom): Promise<{ place: KillPlace; state: State }> {
  const place = room.place();
  await finish(place, room.pictures);
  await withStore(place, async (store) => {
    for (const summary of await store.list()) {
      const rows = await store.open(summary);
      for (let written = summary.count; written <= SYNC_ROWS; written += summary.count)
        for await (const page of rows.pages({ vectors: true }))
          await rows.upsert(
            page.map(({ id, metadata, vector = new Float32Array() }) => ({ id, metadata, vector })),
          );
    }
  });
  const state = await stateOf(place);
  await atRest(place);
  return { place, state };
}

export async function spoilAndRebuild(
  room: KillRoom,
  whole: { place: KillPlace; state: State },
  damage: Damage,
): Promise<Rebuilding> {
  const place = room.place();
  await copyPlace(whole.place, place);
  await damage.spoil(join(place.folder, 'store', 'data'));
  const started = performance.now();
  const settings = defineConfig(place.config);
  let found: string | undefined;
  for await (const { state, says } of examine(storeChecks(settings)))
    if (state === 'wrong') found ??= says.join(' ');
  await atRest(place);
  const rebuilt = await rebuild(settings);
  const { segments } = await finish(place, room.pictures);
  const got = await stateOf(place);
  await atRest(place);
  return {
    found,
    rebuilt,
    // Each drawing has one segment.
    encoded: segments,
    differences: differences(whole.state, got),
    seconds: (performance.now() - started) / 1000,
  };
}

/** What is wrong with a rebuilding, in words. */
export function problemsOf(
  { found, rebuilt, encoded, differences }: Rebuilding,
  { leaves }: Damage,
  pictures: number,
): string[] {
  const { told = 0, read = 0 } = rebuilt.collections.find(({ of }) => of === 'pictures') ?? {};
  const problems = [...differences];
  if (found === undefined) problems.push('the doctor finds nothing wrong');
  if (leaves === 'all' && read !== pictures) problems.push(`${read} pictures were read, not all`);
  if (leaves === 'some' && (read === 0 || read === pictures)) problems.push(`${read} pictures were read`);
  if (leaves === 'none' ? rebuilt.unreadable === undefined : told !== pictures)
    problems.push(`${told} pictures were told, ${rebuilt.unreadable ?? 'no reason why not'}`);
  if (encoded !== pictures - read + rebuilt.unfinished)
    problems.push(`${read} were read and ${rebuilt.unfinished} unfinished, but ${encoded} encoded`);
  return problems;
}

function atRest({ folder }: KillPlace): Promise<void> {
  return until(() => processesOf(folder).length === 0, 20_000);
}
