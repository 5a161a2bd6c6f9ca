/** Servers on this machine that play a hub, its CDN and a proxy, as well behaved or as badly as a test wants. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { DownloadProgress, HubFile } from '#lib/hub/download.js';

export interface Seen {
  url: string;
  range: string | undefined;
  authorization: string | undefined;
}

export interface TestServer {
  url: string;
  host: string;
  seen: Seen[];
  close(): Promise<void>;
}

/** `turn` counts the requests from 1. */
export type Handler = (request: IncomingMessage, response: ServerResponse, turn: number) => void;

export async function serve(handler: Handler): Promise<TestServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    seen.push({ url: request.url ?? '', range, authorization });
    handler(request, response, seen.length);
  });
  server.on('connect', (request, socket) => {
    seen.push({ url: `CONNECT ${request.url}`, range: undefined, authorization: undefined });
    const [host, port] = (request.url ?? '').split(':');
    const through = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const end of [through, socket]) end.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    seen,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Answers as a server does that knows ranges. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  content: { bytes: Buffer; etag?: string; headers?: Record<string, string> },
): void {
  const { bytes, etag = `"${hashOf(bytes).slice(0, 8)}"`, headers = {} } = content;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= bytes.length) {
    response.writeHead(416, { ...headers, etag, 'content-range': `bytes */${bytes.length}` });
    response.end('<html>Range Not Satisfiable</html>');
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    etag,
    'content-length': bytes.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.end(bytes.subarray(from));
}

/** Knows how far a download is, so that a server can cut when the bytes have arrived and not a moment earlier. */
export interface Arrivals {
  onProgress(progress: DownloadProgress): void;
  reach(bytes: number): Promise<void>;
}

export function watchArrivals(): Arrivals {
  let done = 0;
  const waiting = new Set<() => void>();
  return {
    onProgress({ doneBytes }) {
      done = doneBytes;
      for (const look of waiting) look();
    },
    reach: (bytes) =>
      new Promise((reached) => {
        const look = (): void => {
          if (done < bytes) return;
          waiting.delete(look);
          reached();
        };
        done = 0; // what an earlier try brought does not count
        waiting.add(look);
      }),
  };
}

/** Answers whole in its headers, sends so many bytes, and cuts the connection when they have arrived. */
export function sendAndCut(
  request: IncomingMessage,
  response: ServerResponse,
  content: { bytes: Buffer; etag?: string; most: number; arrivals: Arrivals },
): void {
  const { bytes, etag = `"${hashOf(bytes).slice(0, 8)}"`, most, arrivals } = content;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const to = Math.min(from + most, bytes.length);
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    'content-length': bytes.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.write(bytes.subarray(from, to));
  void arrivals.reach(to).then(() => request.socket.destroy());
}

/** A file of 300 kB as a manifest that knows everything names it. */
export function weights(): { bytes: Buffer; file: HubFile } {
  const bytes = randomBytes(300_000);
  return { bytes, file: fileOf(bytes) };
}

export function fileOf(bytes: Uint8Array): HubFile {
  return {
    repository: 'owner/name',
    revision: 'main',
    path: 'onnx/model.onnx',
    bytes: bytes.length,
    sha256: hashOf(bytes),
  };
}

/** Patience of a test. */
export const quick = {
  stallMs: 5000, // a busy machine may be slow; where a stall is meant, the test says less
  backoffMs: 2,
  retryAfterMaxMs: 1500,
  tries: 3,
  lockPollMs: 20,
  progressMs: 0,
};

/** A folder of the test's own, and an environment in which no person's settings count. */
export function ownRoom(): { folder: string; target: string; clear(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'lookbook-hub-'));
  for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE'])
    vi.stubEnv(name, '');
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'LOOKBOOK_ALLOW_PRIVATE_URLS']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toLowerCase(), undefined);
  }
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
  return {
    folder,
    target: join(folder, 'models', 'one', 'model.onnx'),
    clear() {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
