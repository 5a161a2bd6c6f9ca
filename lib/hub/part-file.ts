/** A file that is being downloaded: `<target>.part`, and beside it which content of the hub its bytes belong to. */
import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { writeWhole } from '../whole-file.js';

export interface PartFile {
  /** How many bytes stand, from the beginning. */
  readonly bytes: number;
  /** Of the content that they belong to; null where that is not known, and they cannot be gone on from. */
  readonly etag: string | null;
  /** Whether some bytes stood there before this process opened it. */
  readonly resumed: boolean;
  /** Forgets the bytes; the next ones belong to the content of this tag. */
  startAnew(etag: string | null): Promise<void>;
  append(chunk: Uint8Array): Promise<void>;
  /** Of the bytes that stand, hex. */
  sha256(): string;
  /** Brings the bytes to the disk, then to their name. */
  finish(): Promise<void>;
  /** Leaves the bytes for a later run. */
  close(): Promise<void>;
  /** Takes the bytes away. */
  discard(): Promise<void>;
}

export function partPath(target: string): string {
  return `${target}.part`;
}

/**
 * Opens the part of a target and reads what stands in it.
 * @throws LookbookError when the folder may not be written.
 */
export async function openPart(target: string): Promise<PartFile> {
  const path = partPath(target);
  const note = `${path}.json`;
  const file = await open(path, constants.O_RDWR | constants.O_CREAT).catch(throwDisk(path));
  let etag = await readEtag(note);
  let { bytes, hash } = await hashOf(file).catch(throwDisk(path));
  let resumed = bytes > 0;

  async function startAnew(next: string | null): Promise<void> {
    if (bytes > 0) await file.truncate(0).catch(throwDisk(path));
    [bytes, hash, resumed] = [0, createHash('sha256'), false];
    // The note first: bytes without one cannot be told from those of another content.
    await writeWhole(note, JSON.stringify({ etag: next }));
    etag = next;
  }

  async function closeFile(): Promise<void> {
    await file.close().catch(throwDisk(path));
  }

  return {
    get bytes() {
      return bytes;
    },
    get etag() {
      return etag;
    },
    get resumed() {
      return resumed;
    },
    startAnew,
    async append(chunk) {
      let written = 0;
      while (written < chunk.length) {
        const { bytesWritten } = await file
          .write(chunk, written, chunk.length - written, bytes + written)
          .catch(throwDisk(path));
        written += bytesWritten;
      }
      bytes += written;
      hash.update(chunk);
    },
    sha256: () => hash.copy().digest('hex'),
    async finish() {
      await file.sync().catch(throwDisk(path));
      await closeFile();
      await rename(path, target).catch(throwDisk(target));
      await syncFolder(dirname(target));
      await rm(note, { force: true });
    },
    close: closeFile,
    async discard() {
      await closeFile();
      await Promise.all([rm(path, { force: true }), rm(note, { force: true })]);
    },
  };
}

async function hashOf(file: FileHandle): Promise<{ bytes: number; hash: Hash }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 20 })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, hash };
}

async function readEtag(note: string): Promise<string | null> {
  try {
    const { etag }: { etag?: unknown } = JSON.parse(await readFile(note, 'utf8'));
    return typeof etag === 'string' ? etag : null;
  } catch {
    return null; // none, or torn by a power cut: the bytes are then fetched again
  }
}

/** A rename stands after a power cut only when its folder was written; not every system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The error of a disk that takes no more; what stands stays. */
export function throwDisk(path: string): (cause: unknown) => never {
  return (cause) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new LookbookError('disk', {
      what: fullCodes.has(code) ? 'the disk is full' : 'a file cannot be written',
      got: `${path}: ${reasonOf(cause)}`,
      expected: 'a folder that may be written, with room on its disk',
      mend: 'Make room or change the permissions, then run again: it goes on from where it was.',
      cause,
    });
  };
}
