import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LookbookError } from '../errors.js';

/** Numbers of float32 that are written once and read in pieces. */
export interface RowFile {
  append(block: Float32Array): Promise<void>;
  /** Numbers from..to (excluded). */
  read(from: number, to: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A file in a temporary folder of its own, which goes when it is closed. */
export async function openRowFile(): Promise<RowFile> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-vectors-'));
  let file: FileHandle;
  try {
    file = await open(join(folder, 'rows.float32'), 'w+');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    async append({ buffer, byteOffset, byteLength }) {
      await file.appendFile(new Uint8Array(buffer, byteOffset, byteLength));
    },
    async read(from, to) {
      const block = new Float32Array(to - from);
      const bytes = new Uint8Array(block.buffer);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, 4 * from + at);
        if (bytesRead === 0) throw shortFile(bytes.length - at);
        at += bytesRead;
      }
      return block;
    },
    async close() {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function shortFile(missing: number): LookbookError {
  return new LookbookError('neighbours', {
    what: 'the file of vectors became shorter while it was read',
    got: `${missing} bytes too few`,
    mend: `Leave the temporary folder ${tmpdir()} alone while this runs, and run it again.`,
  });
}
