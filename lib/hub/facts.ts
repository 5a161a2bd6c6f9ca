/** What a file should be against what it is. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** null: not known, so that it cannot be wrong. */
export interface ExpectedFacts {
  bytes?: number | null;
  sha256?: string | null;
}

export interface FileFault {
  got: string;
  expected: string;
}

/** What is wrong with a file, or undefined; only what is known of both is compared. */
export function fileFault(expected: ExpectedFacts, found: ExpectedFacts): FileFault | undefined {
  const [got, wanted]: [string[], string[]] = [[], []];
  if (isKnown(expected.bytes) && isKnown(found.bytes) && expected.bytes !== found.bytes) {
    got.push(`${found.bytes} bytes`);
    wanted.push(`${expected.bytes} bytes`);
  }
  const [wantedHash, hash] = [expected.sha256?.toLowerCase(), found.sha256?.toLowerCase()];
  if (isKnown(wantedHash) && isKnown(hash) && wantedHash !== hash) {
    got.push(`sha256 ${hash}`);
    wanted.push(`sha256 ${wantedHash}`);
  }
  return got.length > 0 ? { got: got.join(' and '), expected: wanted.join(' and ') } : undefined;
}

function isKnown<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

/** The sha256 of a file's bytes, hex. @throws the signal's reason. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest('hex');
}
