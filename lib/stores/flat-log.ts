/**
 * A file of frames, each written and synced whole before it is acknowledged: [bytes u32][crc32 u32][header
 * length u32][header JSON][float32 …], little endian. A kill leaves at most one torn frame at the end, which
 * was never acknowledged; opening cuts it off.
 */
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { LookbookError } from '../errors.js';

export interface Frame<Header> {
  /** Plain data that JSON can hold. */
  header: Header;
  /** Numbers that belong to the header, such as the vectors of its rows one after another. */
  numbers: Float32Array;
}

export interface FlatLog<Header> {
  append(frame: Frame<Header>): Promise<void>;
  /** Puts these frames in place of all, through a second file and a rename. */
  replace(frames: readonly Frame<Header>[]): Promise<void>;
  close(): Promise<void>;
}

const headBytes = 8;

/**
 * The file's frames and the file, ready to take more. A missing file is made with `first`, which is whole
 * from the beginning. @throws when the file is damaged otherwise than by a torn end.
 */
export async function openFlatLog<Header>(
  path: string,
  first?: Frame<Header>,
): Promise<{ log: FlatLog<Header>; frames: Frame<Header>[] }> {
  if (first && !(await exists(path))) await writeWhole(path, [first]);
  const bytes = await readFile(path);
  const { frames, end } = parseFrames<Header>(bytes, path);
  let file = await open(path, 'a+', 0o600);
  if (end < bytes.length) await file.truncate(end);
  // One write at a time, in the order asked.
  let last: Promise<void> = Promise.resolve();
  const next = (work: () => Promise<void>): Promise<void> => {
    last = last.catch(() => undefined).then(work);
    return last;
  };
  const log: FlatLog<Header> = {
    append: (frame) => next(() => appendWhole(file, frameBytes(frame))),
    replace: (whole) =>
      next(async () => {
        await writeWhole(path, whole);
        await file.close();
        file = await open(path, 'a+', 0o600);
      }),
    close: () => next(() => file.close()),
  };
  return { log, frames };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function writeWhole(path: string, frames: readonly Frame<unknown>[]): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(Buffer.concat(frames.map(frameBytes)));
    await file.datasync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => undefined); // closed before the rename failed
    await rm(part, { force: true });
    throw error;
  }
}

/** A write that fails half way (a full disk) is taken back, or it would hide every later frame. */
async function appendWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile(bytes);
    await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

function frameBytes({ header, numbers }: Frame<unknown>): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const payload = Buffer.concat([Buffer.alloc(4), text, littleEndian(numbers)]);
  payload.writeUInt32LE(text.length, 0);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

function parseFrames<Header>(bytes: Buffer, path: string): { frames: Frame<Header>[]; end: number } {
  const frames: Frame<Header>[] = [];
  let end = 0;
  while (end + headBytes <= bytes.length) {
    const length = bytes.readUInt32LE(end);
    const payload = bytes.subarray(end + headBytes, end + headBytes + length);
    if (payload.length < length || length < 4) break;
    if (crc32(payload) !== bytes.readUInt32LE(end + 4)) {
      if (end + headBytes + length === bytes.length) break;
      throw damaged(path, `a frame at byte ${end} with a wrong checksum, and more behind it`);
    }
    const textEnd = 4 + payload.readUInt32LE(0);
    // The checksum says that this code wrote it.
    const header: Header = JSON.parse(payload.toString('utf8', 4, textEnd));
    // A copy starts at a multiple of four bytes, as float32 must.
    const numbers = new Float32Array(Uint8Array.from(payload.subarray(textEnd)).buffer);
    swapOnBigEndian(numbers);
    frames.push({ header, numbers });
    end += headBytes + length;
  }
  if (frames.length === 0) throw damaged(path, 'no frame of ours at its beginning');
  return { frames, end };
}

function damaged(path: string, got: string): LookbookError {
  return new LookbookError('store', {
    what: `the file ${path} is damaged or none of ours`,
    got,
    expected: 'a file of the flat store',
    mend: 'Remove or restore this file, then index again.',
  });
}

function littleEndian(numbers: Float32Array): Buffer {
  const copy = Float32Array.from(numbers);
  swapOnBigEndian(copy);
  return Buffer.from(copy.buffer);
}

function swapOnBigEndian(numbers: Float32Array): void {
  if (endianness() === 'BE') Buffer.from(numbers.buffer).swap32();
}
