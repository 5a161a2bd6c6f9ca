/** A lease: an open connection to the watchdog of a store folder. It ends with this process, however that ends. */
import { connect } from 'node:net';
import type { ServerFacts } from './server-file.js';

/** What a client may hear, one JSON object a line: where the server is, or that it is just being ended. */
export interface LeaseWord {
  url?: string;
  ending?: true;
}

export interface Lease {
  /** Of the Chroma server; it changes where the server had to move to another port. */
  readonly url: string;
  isOpen(): boolean;
  close(): void;
}

const answerMs = 3000;

/** undefined when nobody there knows the token, the server is being ended, or there is no answer yet. */
export function takeLease({ leasePort, token }: ServerFacts): Promise<Lease | undefined> {
  return new Promise((resolve) => {
    const socket = connect(leasePort, '127.0.0.1');
    let url = '';
    let open = true;
    let heard = '';
    const late = setTimeout(() => socket.destroy(), answerMs);
    const lease: Lease = {
      get url(): string {
        return url;
      },
      isOpen: () => open,
      close: () => socket.destroy(),
    };
    socket.on('connect', () => socket.write(`${token}\n`));
    socket.on('data', (chunk) => {
      const lines = (heard + chunk.toString()).split('\n');
      heard = lines.pop() ?? '';
      for (const line of lines) {
        const word = parse(line);
        if (!word?.url) return void socket.destroy();
        url = word.url;
        clearTimeout(late);
        // From here on the connection must not keep a finished process alive.
        socket.unref();
        resolve(lease);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open = false;
      clearTimeout(late);
      resolve(undefined);
    });
  });
}

function parse(line: string): LeaseWord | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Another program listens there.
  }
}
