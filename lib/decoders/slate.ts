/**
 * Memory that two processes share: a file without a name, held open by both. Nothing is left of it however they end.
 * Measured on 40 kB in and 150 kB out, CPU of both sides a picture: 0.16 ms; pipes 0.25, messages of Node's own 0.28;
 * on 5 MB in and 3 MB out 2.7, 4.4 and 5.8 ms.
 */

import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statfsSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Its number among the open files of a decoder process. */
export const SLATE_FD = 4;

/** Larger ones are written beside the thread that serves all. */
const AT_ONCE_BYTES = 2 ** 18;
/** What a large picture took is given back. */
export const KEPT_BYTES: number = 2 ** 24;
/** A container's /dev/shm may hold 64 MB only. */
const ROOM_BYTES = 2 ** 30;

const writeAsync = promisify(write);

/** @throws where no file can be made. */
export function openSlate(): number {
  const path = join(memoryFolder(), `lookbook-${process.pid}-${randomUUID()}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}

/** Memory where the system has a folder of it, else temporary files, which it keeps in memory as long as it can. */
function memoryFolder(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    if (bavail * bsize >= ROOM_BYTES) return '/dev/shm';
  } catch {
    // Only Linux has it, and not for everybody.
  }
  return tmpdir();
}

export async function writeSlate(fd: number, bytes: Uint8Array): Promise<void> {
  if (bytes.length <= AT_ONCE_BYTES) return void layDown(fd, [bytes]);
  for (let at = 0; at < bytes.length; )
    at += (await writeAsync(fd, bytes, at, bytes.length - at, at)).bytesWritten;
}

/** Writes one after the other, from the start. */
export function layDown(fd: number, parts: readonly Uint8Array[]): void {
  let to = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; ) {
      const written = writeSync(fd, part, at, part.length - at, to);
      at += written;
      to += written;
    }
}

/** Reads so many bytes from there. @throws when there are fewer. */
export function pickUp(fd: number, length: number, from = 0): Uint8Array {
  return readInto(new Uint8Array(Buffer.allocUnsafeSlow(length).buffer), fd, from);
}

/** Fills all of `bytes` from there. @throws when there are fewer. */
export function readInto(bytes: Uint8Array, fd: number, from = 0): Uint8Array {
  const { length } = bytes;
  for (let at = 0; at < length; ) {
    const read = readSync(fd, bytes, at, length - at, from + at);
    if (read === 0) throw new Error(`the slate ends after ${from + at} of ${from + length} bytes`);
    at += read;
  }
  return bytes;
}

/** Bytes that were laid down since it was wiped. */
export function sizeOf(fd: number): number {
  return fstatSync(fd).size;
}

/** Gives memory back after a large picture. */
export function wipe(fd: number): void {
  if (sizeOf(fd) > KEPT_BYTES) ftruncateSync(fd, 0);
}

export function closeSlate(fd: number): void {
  closeSync(fd);
}
