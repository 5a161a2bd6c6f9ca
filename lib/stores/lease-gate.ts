/** The watchdog's side of the leases: a loopback port where every admitted connection is one client. */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { LeaseWord } from './server-lease.js';

export interface LeaseGate {
  readonly port: number;
  /** Leases that are held now. */
  count(): number;
  tell(word: LeaseWord): void;
}

export interface GateRules {
  token: string;
  /** What a client that is let in hears first. */
  welcome(): Promise<LeaseWord | undefined>;
  /** Whether clients are still let in; else they are told to wait for the end. */
  isEnding(): boolean;
  /** A lease was taken or given back. */
  onChange(): void;
}

const greetingMs = 5000;

/** Connections that do not send the token are dropped. */
export async function openLeaseGate(rules: GateRules): Promise<LeaseGate> {
  const leases = new Set<Socket>();
  const server = createServer((socket) => {
    let heard = '';
    const late = setTimeout(() => socket.destroy(), greetingMs);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      if (leases.delete(socket)) rules.onChange();
    });
    socket.on('data', (chunk) => {
      if (leases.has(socket)) return;
      heard += chunk.toString('latin1');
      if (heard.length <= rules.token.length) return;
      clearTimeout(late);
      if (isSame(heard.trimEnd(), rules.token)) void admit(socket);
      else socket.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function admit(socket: Socket): Promise<void> {
    if (rules.isEnding()) return void socket.end(lineOf({ ending: true }));
    leases.add(socket);
    rules.onChange();
    const word = await rules.welcome();
    if (word) socket.write(lineOf(word));
  }

  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    count: () => leases.size,
    tell(word: LeaseWord): void {
      for (const lease of leases) lease.write(lineOf(word));
    },
  };
}

function lineOf(word: LeaseWord): string {
  return `${JSON.stringify(word)}\n`;
}

function isSame(heard: string, token: string): boolean {
  return (
    heard.length === token.length &&
    timingSafeEqual(Buffer.from(heard, 'latin1'), Buffer.from(token, 'latin1'))
  );
}
