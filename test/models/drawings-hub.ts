/** A hub on this machine that has the embedded model under a name of its own, and a person's folder for manifests. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { projectPath } from '#lib/paths.js';
import { type Handler, hashOf, ownRoom, send, serve, type TestServer } from '../hub/hub-server.js';

export const COMMIT: string = 'd'.repeat(40);
export const REPOSITORY = 'lookbook-test/drawings';

interface FileEntry {
  path: string;
  bytes: number | null;
  sha256: string | null;
  [more: string]: unknown;
}

export interface DrawingsManifest {
  files: Record<string, FileEntry>;
  preprocessing: Record<string, unknown>;
  [more: string]: unknown;
}

export interface DrawingsHub {
  /** A folder of LOOKBOOK_MODELS. */
  root: string;
  server: TestServer;
  /** Path in the repository → bytes; change it to lie. */
  files: Map<string, Buffer>;
  /** Answers instead of the hub, where it is set and returns true. */
  instead: { answer?: (...args: Parameters<Handler>) => boolean };
  /** Writes <root>/<name>.json: the embedded model's manifest, from this hub, with changes. */
  write(name: string, change?: (manifest: DrawingsManifest) => void): void;
  manifest(name: string): DrawingsManifest;
  /** Paths that were asked for since the last call. */
  asked(): string[];
  /** Files below a model's folder. */
  holds(name: string): string[];
  env: Record<string, string>;
  close(): Promise<void>;
}

export async function openDrawingsHub(): Promise<DrawingsHub> {
  const room = ownRoom();
  const root = join(room.folder, 'own');
  mkdirSync(root);
  const instead: DrawingsHub['instead'] = {};
  const embedded: DrawingsManifest = JSON.parse(readFileSync(projectPath('models/pictoclip.json'), 'utf8'));
  const files = new Map(
    Object.values(embedded.files).map(({ path }) => [
      path,
      readFileSync(projectPath(`models/pictoclip/${path}`)),
    ]),
  );
  const server = await serve((request, response, turn) => {
    if (instead.answer?.(request, response, turn)) return;
    const bytes = files.get(pathOf(request.url ?? ''));
    if (bytes) return send(request, response, { bytes, etag: `"${hashOf(bytes)}"` });
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  });
  const env = {
    HF_ENDPOINT: server.url,
    LOOKBOOK_MODELS: root,
    LOOKBOOK_DERIVED: join(room.folder, 'derived'),
    LOOKBOOK_ACCEPT_LICENSE: '',
    LOOKBOOK_SELF_CHECK: '',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  let known = 0;
  return {
    root,
    server,
    files,
    instead,
    env: { ...env, HF_HOME: process.env.HF_HOME ?? '', HF_HUB_OFFLINE: '' },
    write(name, change) {
      const manifest: DrawingsManifest = {
        ...structuredClone(embedded),
        source: `hub ${REPOSITORY}`,
        hub: { repository: REPOSITORY, revision: COMMIT },
      };
      change?.(manifest);
      writeFileSync(join(root, `${name}.json`), JSON.stringify(manifest, null, 2));
    },
    manifest: (name) => JSON.parse(readFileSync(join(root, `${name}.json`), 'utf8')),
    asked() {
      const urls = server.seen.slice(known).map(({ url }) => pathOf(url));
      known = server.seen.length;
      return urls.sort();
    },
    holds(name) {
      const folder = join(root, name);
      const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      return all.filter((file) => statSync(join(folder, file)).isFile()).sort();
    },
    async close() {
      room.clear();
      await server.close();
    },
  };
}

function pathOf(url: string): string {
  return decodeURIComponent(url.replace(`/${REPOSITORY}/resolve/${COMMIT}/`, ''));
}

/** Lays a file into the Hugging Face cache of the test's room as its libraries do: a blob, and a link to it. */
export function layInCache(
  path: string,
  bytes: Buffer,
  link: (target: string, path: string) => void,
): string {
  const folder = join(process.env.HF_HOME!, 'hub', `models--${REPOSITORY.replace('/', '--')}`);
  const [blob, snapshot] = [join(folder, 'blobs', hashOf(bytes)), join(folder, 'snapshots', COMMIT, path)];
  for (const file of [blob, snapshot]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(blob, bytes);
  link(blob, snapshot);
  return snapshot;
}

export const ALL: string[] = ['image.onnx', 'settle.onnx', 'text.onnx', 'words.txt'];

/** The message of what a promise throws. */
export function fault(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );
}
