/** Indexing through a server that misbehaves; what it leaves is compared with an undisturbed run. */
import { join } from 'node:path';
import { type IndexReport, openLookbook } from '#lib/index.js';
import { openChromaServer } from '#lib/stores/chroma-server.js';
import { processesOf, until } from '../stores/server-kit.js';
import {
  clearPlace,
  differences,
  type KillPlace,
  type KillRoom,
  type State,
  standing,
  stateOf,
} from './kill-room.js';
import { openProxy, type ServerProxy } from './server-proxy.js';

export interface ServerRoom {
  room: KillRoom;
  /** What an undisturbed run leaves. */
  whole: State;
}

/** A store behind a proxy. */
export interface Behind {
  proxy: ServerProxy;
  place: KillPlace;
  index(onProgress?: (done: number) => void): Promise<IndexReport>;
  /** Pictures that stand, and those that are half stored; the proxy must pass again. */
  standing(): Promise<{ pictures: Set<string>; halves: Set<string> }>;
  /** How the store differs from one of an undisturbed run. */
  differences(): Promise<string[]>;
}

/** Opens a server and a proxy before it, and clears both away. */
export async function behindProxy<Result>(
  { room, whole }: ServerRoom,
  attack: (behind: Behind) => Promise<Result>,
): Promise<Result> {
  const own = room.place();
  const server = await openChromaServer(join(own.folder, 'store'), { graceMs: 100 });
  const proxy = await openProxy(() => server.url);
  const place = { ...own, config: { ...own.config, chroma: proxy.url } };
  try {
    return await attack({
      proxy,
      place,
      async index(onProgress) {
        const book = await openLookbook(place.config);
        try {
          return await book.index(onProgress ? { onProgress: ({ done }) => onProgress(done) } : {});
        } finally {
          await book.close();
        }
      },
      standing: () => standing(place),
      differences: async () => differences(whole, await stateOf(place)),
    });
  } finally {
    await proxy.close();
    await server.close();
    await until(() => processesOf(own.folder).length === 0, 20_000);
    await clearPlace(own);
  }
}

/** Whether the call writes rows. */
export function isUpsert(path: string): boolean {
  return path.endsWith('/upsert');
}

/** What was thrown, and after how many seconds; undefined where nothing was. */
export async function thrownBy(
  work: () => Promise<unknown>,
): Promise<{ error: string | undefined; seconds: number }> {
  const started = performance.now();
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  return { error, seconds: (performance.now() - started) / 1000 };
}
