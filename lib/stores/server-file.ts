/** What a store folder says about the Chroma server that serves it: server.json, written by its watchdog. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Rises when the words between clients and watchdog change. */
export const serverFormat = 1;

export interface ServerFacts {
  format: number;
  /** The watchdog, and the Chroma server it owns. */
  pid: number;
  chromaPid: number;
  /** Loopback ports: Chroma's own, and the one where clients hold their leases. */
  port: number;
  leasePort: number;
  token: string;
  /** The machine's name: a folder on a shared disk or in a container may be served elsewhere. */
  host: string;
}

export const serverPath = (root: string): string => join(root, 'server.json');
export const lockPath = (root: string): string => join(root, 'server.lock');
export const logPath = (root: string): string => join(root, 'server.log');
export const dataPath = (root: string): string => join(root, 'data');
/** Chroma's file of rows, below `dataPath`. */
export const TABLES = 'chroma.sqlite3';

/** undefined where there is none, or none that can be read. */
export async function readServer(root: string): Promise<ServerFacts | undefined> {
  try {
    const facts: Partial<ServerFacts> = JSON.parse(await readFile(serverPath(root), 'utf8'));
    const { format, pid, chromaPid, port, leasePort, token, host } = facts;
    const numbers = [format, pid, chromaPid, port, leasePort];
    if (numbers.some((number) => !Number.isInteger(number)) || typeof token !== 'string') return undefined;
    return {
      format: format ?? 0,
      pid: pid ?? 0,
      chromaPid: chromaPid ?? 0,
      port: port ?? 0,
      leasePort: leasePort ?? 0,
      token,
      host: String(host),
    };
  } catch {
    return undefined;
  }
}

/** Whole or not at all; only its owner may read the token. */
export async function writeServer(root: string, facts: ServerFacts): Promise<void> {
  const part = `${serverPath(root)}.${process.pid}.part`;
  await writeFile(part, JSON.stringify(facts, null, 2), { mode: 0o600 });
  await rename(part, serverPath(root));
}
