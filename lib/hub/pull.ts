/** One file over the network, in as many tries as it takes. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openTogether } from '../closers.js';
import { LookbookError } from '../errors.js';
import { fileAddress } from './addresses.js';
import { networkTrouble, passingTrouble, refusalOf, unreachable, unusable } from './answers.js';
import { fileFault } from './facts.js';
import type { DownloadWork, FileFacts, HubFile } from './hub-file.js';
import { placeInWords } from './names.js';
import { openPart, type PartFile } from './part-file.js';
import { type Outcome, type Trouble, withRetries } from './retry.js';
import type { HubSettings } from './settings.js';
import { type HubAnswer, type HubIdentity, openTransport, type Transport } from './transport.js';

interface Pull {
  work: DownloadWork;
  settings: HubSettings;
  transport: Transport;
  part: PartFile;
  /** Whether the part holds bytes of more than one answer. */
  glued: boolean;
  /** Whether glued bytes were found wrong and thrown away once. */
  mended: boolean;
}

/** Fetches the file of some work into its part, verifies it and brings it to its name. */
export async function pullFile(work: DownloadWork, settings: HubSettings): Promise<FileFacts> {
  const { part, transport } = await openTogether(async (keep) => ({
    part: await keep(openPart(work.target)),
    transport: await keep(openTransport(settings, work.limits)),
  }));
  const pull: Pull = { work, settings, transport, part, glued: false, mended: false };
  try {
    await withRetries(() => tryOnce(pull), {
      limits: work.limits,
      signal: work.signal,
      giveUp: (last, tries) => unreachable(withStanding(last, pull), work.file, { tries }),
    });
    await part.finish();
    return { path: work.target, bytes: part.bytes, sha256: part.sha256() };
  } finally {
    await transport.close();
    await part.close();
  }
}

async function tryOnce(pull: Pull): Promise<Outcome<true>> {
  const { work, transport, part } = pull;
  const before = part.bytes;
  try {
    const answer = await transport.get(fileAddress(pull.settings.endpoint, work.file), {
      headers: isResumable(pull) ? { range: `bytes=${before}-` } : {},
      signal: work.signal,
    });
    try {
      return (await take(pull, answer)) ?? (await verify(pull, answer.identity));
    } finally {
      answer.discard();
    }
  } catch (thrown) {
    work.signal.throwIfAborted();
    if (thrown instanceof LookbookError) throw thrown;
    const trouble = networkTrouble(thrown);
    if (!trouble) throw unusable(thrown, work.file);
    return { ...trouble, gained: part.bytes - before };
  }
}

/** Bytes of which nobody knows to what content they belong are no beginning. */
function isResumable({ part }: Pull): boolean {
  return part.bytes > 0 && part.etag !== null;
}

/** Takes in what an answer brings: undefined when all of it stands. */
async function take(pull: Pull, answer: HubAnswer): Promise<Outcome<true> | undefined> {
  const { part, work } = pull;
  const passing = passingTrouble(answer);
  if (passing) return passing;
  if (![200, 206, 416].includes(answer.status)) throw refusalOf(answer, work.file, pull.settings);
  refuseOther(work.file, answer.identity);
  const asked = isResumable(pull);
  const standing = asked ? standingBytes(part, answer) : 0;
  if (answer.status === 416 && standing > 0) return undefined; // it was whole
  if (answer.status !== 200 && standing === 0) {
    // Another content by now, or a range that was not asked for: from the beginning, in a request without a range.
    if (!asked) throw refusalOf(answer, work.file, pull.settings);
    await part.startAnew(null);
    answer.discard();
    return tryOnce(pull);
  }
  if (answer.status === 200) await part.startAnew(answer.identity.etag);
  pull.glued = answer.status === 206;
  return receive(pull, answer);
}

/** How many of the part's bytes belong to the content of an answer to a range; 0 when it is another content. */
function standingBytes(part: PartFile, answer: HubAnswer): number {
  if (answer.identity.etag !== part.etag) return 0;
  const range = rangeOf(answer);
  // A 206 goes on behind them; a 416 has nothing behind them, but only when they are all.
  const fits = answer.status === 416 ? range?.total === part.bytes : range?.from === part.bytes;
  return fits ? part.bytes : 0;
}

/** Writes the bytes of an answer behind those that stand, never more than the file may have. */
async function receive({ part, work }: Pull, answer: HubAnswer): Promise<Trouble | undefined> {
  const before = part.bytes;
  const announced = announcedBytes(answer);
  const total = work.file.bytes ?? answer.identity.bytes ?? announced;
  if (total !== null && announced !== null && announced !== total) {
    throw otherFile(work.file, { got: `${announced} bytes announced`, expected: `${total} bytes` });
  }
  await refuseWithoutRoom(work, (total ?? 0) - before);
  work.tell(part.bytes, total);
  for await (const chunk of answer.body) {
    const most = total ?? work.limits.maxBytes;
    if (part.bytes + chunk.length > most) {
      await part.discard();
      throw otherFile(work.file, {
        got: `more than ${most} bytes`,
        expected: total === null ? 'a file that ends' : `${total} bytes`,
      });
    }
    await part.append(chunk);
    work.tell(part.bytes, total);
  }
  if (total === null || part.bytes === total) return undefined;
  return { trouble: 'the connection was cut', gained: part.bytes - before };
}

/** Holds what stands against the manifest, else against what the hub says of it. */
async function verify(pull: Pull, identity: HubIdentity): Promise<Outcome<true>> {
  const { part, work } = pull;
  const { file } = work;
  const expected = { bytes: file.bytes ?? identity.bytes, sha256: file.sha256 ?? identity.sha256 };
  const fault = fileFault(expected, { bytes: part.bytes, sha256: part.sha256() });
  if (!fault) return { value: true };
  if ((pull.glued || part.resumed) && !pull.mended) {
    // Two beginnings and ends that do not belong together, or a part that a power cut tore: once anew.
    pull.mended = true;
    await part.startAnew(null);
    return { trouble: `a resumed download was not right (${fault.got})` };
  }
  await part.discard();
  throw otherFile(file, fault);
}

/** Refuses before a byte is fetched, where the hub already says that it is another file. */
function refuseOther(file: HubFile, identity: HubIdentity): void {
  const fault = fileFault(file, identity);
  if (fault) throw otherFile(file, fault);
}

function otherFile(file: HubFile, { got, expected }: { got: string; expected: string }): LookbookError {
  return new LookbookError('hub', {
    what: `${placeInWords(file)} is not the expected file`,
    got,
    expected,
    mend: 'Somebody changed it at the hub or on the way: compare revision and sha256 in the manifest with the hub.',
  });
}

/** The whole length that an answer announces, or null. */
function announcedBytes(answer: HubAnswer): number | null {
  if (answer.status === 206) return rangeOf(answer)?.total ?? null;
  const length = answer.header('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) : null;
}

/** Content-Range: "bytes 5-9/10", or "bytes * /10" with a 416. */
function rangeOf(answer: HubAnswer): { from: number | null; total: number | null } | null {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
  if (!range) return null;
  const [, from, total] = range;
  return { from: from === undefined ? null : Number(from), total: total === '*' ? null : Number(total) };
}

async function refuseWithoutRoom({ target, file }: DownloadWork, missing: number): Promise<void> {
  const disk = await statfs(dirname(target)).catch(() => null);
  // Some network disks tell nothing but zeros.
  if (!disk || disk.blocks === 0 || disk.bavail * disk.bsize >= missing) return;
  throw new LookbookError('disk', {
    what: `there is no room for ${placeInWords(file)}`,
    got: `${disk.bavail * disk.bsize} bytes free at ${dirname(target)}`,
    expected: `${missing} bytes`,
    mend: 'Make room, then run again: it goes on from where it was.',
  });
}

function withStanding(last: Trouble, { part, work }: Pull): Trouble {
  const of = work.file.bytes === null ? '' : ` of ${work.file.bytes}`;
  return { ...last, trouble: `${last.trouble}, with ${part.bytes}${of} bytes fetched` };
}
