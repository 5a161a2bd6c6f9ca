/** Stands before a real Chroma server and misbehaves on demand. */
import { once } from 'node:events';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What becomes of one call. `fail`: 500 without reaching the server. `lose`: it reaches the server, the answer does not
 * come back. `halve`: the answer breaks off. `drop`: the connection ends at once. A text: answered in the server's place.
 */
export type Fate = 'pass' | 'fail' | 'lose' | 'halve' | 'drop' | { body: string; status?: number };

export interface ServerProxy {
  readonly url: string;
  /** Calls that came. */
  calls: number;
  /** Milliseconds before each call goes on. */
  slowMs: number;
  fateOf: (path: string, method: string) => Fate;
  /** Refuses connections, as a server that is not there. */
  vanish(): Promise<void>;
  /** Listens again, at the same address. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** @param target the real server's URL, asked anew for each call. */
export async function openProxy(target: () => string): Promise<ServerProxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(async (asked, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk);
    proxy.calls++;
    await sleep(proxy.slowMs);
    const path = asked.url ?? '/';
    const fate = proxy.fateOf(path, asked.method ?? 'GET');
    if (fate === 'drop') return void asked.socket.destroy();
    if (fate === 'fail') return reply(answer, 500, '{"error":"InternalError","message":"made to fail"}');
    if (typeof fate === 'object') return reply(answer, fate.status ?? 200, fate.body);
    const forward = request(
      `${target()}${path}`,
      { method: asked.method, headers: { ...asked.headers, host: new URL(target()).host } },
      async (real) => {
        const parts: Buffer[] = [];
        for await (const part of real) parts.push(part);
        const body = Buffer.concat(parts);
        if (fate === 'lose') return void asked.socket.destroy();
        answer.writeHead(real.statusCode ?? 500, {
          'content-type': 'application/json',
          'content-length': body.length,
        });
        if (fate === 'pass') return void answer.end(body);
        answer.write(body.subarray(0, body.length / 2), () => asked.socket.destroy());
      },
    );
    forward.on('error', () => asked.socket.destroy());
    forward.end(Buffer.concat(chunks));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  const listen = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  const vanish = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const proxy: ServerProxy = {
    url: `http://127.0.0.1:${port}`,
    calls: 0,
    slowMs: 0,
    fateOf: () => 'pass',
    vanish,
    comeBack: () => listen(port),
    close: async () => {
      if (server.listening) await vanish();
    },
  };
  return proxy;
}

function reply(answer: ServerResponse, status: number, body: string): void {
  answer.writeHead(status, { 'content-type': 'application/json' });
  answer.end(body);
}
