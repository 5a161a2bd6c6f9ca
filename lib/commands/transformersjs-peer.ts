/**
 * transformers.js as a peer to measure against, never a dependency: installed below the derived files, run in a
 * process of its own because two copies of onnxruntime-node do not live in one.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reasonOf } from '../errors.js';
import { derivedPath } from '../paths.js';
import type { Peer, PeerAnswer, PeerTask } from './encode-peer.js';

const PACKAGE = '@huggingface/transformers@4.3.1';
const INSTALL_MS = 300_000;

/** @returns null, and says why, where the package cannot be had. */
export async function openPeer(
  at: { model: string; pictures: string },
  say: (line: string) => void,
): Promise<Peer | null> {
  const folder = derivedPath('bench', 'transformersjs');
  try {
    await install(folder);
  } catch (error) {
    say(
      `encode.vs_transformersjs SKIPPED: ${PACKAGE} cannot be installed: ${reasonOf(error).split('\n')[0]}`,
    );
    return null;
  }
  const child = fork(fileURLToPath(new URL('./transformersjs-child.js', import.meta.url)), [
    join(folder, 'node_modules', '@huggingface', 'transformers'),
    at.model,
    at.pictures,
  ]);
  const ended = once(child, 'exit').then((): PeerAnswer => ({ error: 'its process ended' }));
  const answer = (): Promise<PeerAnswer> => {
    const told = new Promise<PeerAnswer>((resolve) => child.once('message', resolve));
    return Promise.race([told, ended]);
  };
  const opened = await answer();
  if ('error' in opened) {
    say(`encode.vs_transformersjs SKIPPED: ${PACKAGE} does not open the model: ${opened.error}`);
    child.kill();
    return null;
  }
  return {
    ways: ['one by one', 'ahead'],
    async encode(task: PeerTask) {
      child.send(task);
      const told = await answer();
      if ('seconds' in told) return told.seconds;
      throw new Error(`transformers.js: ${'error' in told ? told.error : 'an answer without seconds'}`);
    },
    close: () => child.disconnect(),
  };
}

async function install(folder: string): Promise<void> {
  if (existsSync(join(folder, 'node_modules', '@huggingface', 'transformers', 'package.json'))) return;
  await mkdir(folder, { recursive: true });
  // Its scripts would fetch GPU libraries.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', '--prefix', folder, ...options, PACKAGE], {
    timeout: INSTALL_MS,
    shell: process.platform === 'win32',
  });
}
