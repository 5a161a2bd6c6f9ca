import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { drawing } from '../indexing/pictures.js';

/** A server that answers badly in many ways, and what it saw. */
export interface BadServer {
  /** http://127.0.0.1:port */
  host: string;
  port: number;
  /** Paths that were asked for. */
  seen: string[];
  /** Bytes that it got rid of. */
  sent: number;
  close(): Promise<void>;
}

const CHUNK = Buffer.alloc(2 ** 16, 1);
const GIGABYTE = 2 ** 30;

export async function openBadServer(): Promise<BadServer> {
  const picture = await drawing('red');
  const bomb = gzipSync(Buffer.alloc(2 ** 28));
  const open = new Set<ServerResponse>();
  const timers = new Set<NodeJS.Timeout>();
  /** As fast as it is taken, until it is not taken any more. */
  const flood = (response: ServerResponse): void => {
    const more = (): void => {
      while (!response.destroyed) {
        server.sent += CHUNK.length;
        if (!response.write(CHUNK)) break;
      }
    };
    response.on('drain', more);
    more();
  };
  const every = (ms: number, work: () => void): void => void timers.add(setInterval(work, ms));
  const redirect = (response: ServerResponse, location: string): void =>
    void response.writeHead(302, { location }).end('x'.repeat(1000));
  const answers: Record<string, RequestListener> = {
    '/red.png': (_, response) => response.end(picture),
    '/as-text.png': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(picture),
    '/packed.png': (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(picture)),
    '/moved': (_, response) => redirect(response, '/red.png'),
    '/html.png': (_, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end('<script>boom()</script>'),
    '/empty.png': (_, response) => response.end(),
    '/gone.png': (_, response) => response.writeHead(410).end('gone'),
    '/error.png': (_, response) => response.writeHead(500).end('<h1>no</h1>'),
    '/gigabyte': (_, response) => flood(response.writeHead(200, { 'content-length': GIGABYTE })),
    '/endless': (_, response) => flood(response.writeHead(200)),
    '/endless-error': (_, response) => flood(response.writeHead(404)),
    '/endless-redirect': (_, response) => flood(response.writeHead(302, { location: '/red.png' })),
    '/bomb': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    '/bomb-twice': (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(bomb)),
    '/silent': () => undefined,
    '/drip': (_, response) => {
      response.writeHead(200, { 'content-length': picture.length });
      let at = 0;
      every(100, () => response.write(picture.subarray(at, ++at)));
    },
    '/cut': (request, response) => {
      response.writeHead(200, { 'content-length': picture.length }).write(picture.subarray(0, 20));
      setTimeout(() => request.socket.destroy(), 50);
    },
    '/no-http': (request) => void request.socket.end('\u0000\u0001 nonsense\r\n\r\n'),
    '/headers': (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      every(1, () => request.socket.write(`x-more: ${'y'.repeat(1000)}\r\n`));
    },
    '/loop': (_, response) => redirect(response, '/loop'),
    '/to-file': (_, response) => redirect(response, 'file:///etc/passwd'),
    '/to-ftp': (_, response) => redirect(response, 'ftp://127.0.0.1/x.png'),
    '/to-data': (_, response) => redirect(response, 'data:image/png;base64,AAAA'),
    '/to-script': (_, response) => redirect(response, 'javascript:boom()'),
    '/to-nothing': (_, response) => redirect(response, 'http://'),
    '/to-password': (_, response) =>
      redirect(response, `http://user:secret@127.0.0.1:${server.port}/red.png`),
    '/to-mail': (_, response) => redirect(response, 'http://127.0.0.1:25/red.png'),
  };
  const listener = createServer((request, response) => {
    server.seen.push(request.url!);
    request.socket.on('error', () => undefined);
    response.on('error', () => undefined);
    open.add(response);
    const answer = answers[request.url!];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const address = listener.address();
  const port = typeof address === 'object' ? address!.port : 0;
  const server: BadServer = {
    host: `http://127.0.0.1:${port}`,
    port,
    seen: [],
    sent: 0,
    async close() {
      for (const timer of timers) clearInterval(timer);
      for (const response of open) response.destroy();
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return server;
}

/** Path → what fetchBytes must say of it; null: it is read. Those that only a time-out ends stand in `SLOW`. */
export const EXPECTED: Record<string, RegExp | null> = {
  '/red.png': null,
  '/as-text.png': null,
  '/packed.png': null,
  '/moved': null,
  '/html.png': null,
  '/empty.png': null,
  '/gone.png': /answered 410/,
  '/error.png': /answered 500/,
  '/gigabyte': /larger than 64 MB/,
  '/endless': /larger than 64 MB/,
  '/endless-error': /answered 404/,
  '/endless-redirect': null,
  '/bomb': /larger than 64 MB/,
  '/bomb-twice': /larger than 64 MB/,
  '/cut': /terminated|closed|aborted|other side/i,
  '/no-http': /./,
  '/headers': /header/i,
  '/loop': /more than 5 redirects/,
  '/to-file': /file: is no web address/,
  '/to-ftp': /ftp: is no web address/,
  '/to-data': /data: is no web address/,
  '/to-script': /javascript: is no web address/,
  '/to-nothing': /invalid url/i,
  '/to-password': /user or password/,
  '/to-mail': /bad port/,
};

export const SLOW: Record<string, RegExp> = { '/silent': /no answer in time/, '/drip': /no answer in time/ };
