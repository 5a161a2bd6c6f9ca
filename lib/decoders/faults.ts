/** What is said when a decoder process, not the picture's own bytes, gives the reason. */
import { LookbookError } from '../errors.js';
import { DECODERS_SETTING, MEMORY_SETTING, SECONDS_SETTING } from './decoder-settings.js';
import type { Over } from './words.js';

/** The cause of an error that another run may not meet: a limit that was raised, a process that a person ended. */
class DecoderFault extends Error {}

/** Whether to read the picture again in another run, rather than to remember that it is none. */
export function mayPass(error: unknown): boolean {
  return error instanceof LookbookError && error.cause instanceof DecoderFault;
}

/** One picture's end: the process was over a limit with it, or is gone. @param end a signal or an exit code. */
export function faultOf(end: string, over: Over | null): LookbookError {
  const what = 'the picture cannot be read';
  const cause = new DecoderFault(end);
  if (over === null) {
    const mend = 'Leave it out with EXCLUDE if it comes again.';
    return new LookbookError('decode', { what, got: `the end of its decoder (${end})`, mend, cause });
  }
  const { allowed } = over;
  const isTime = over.limit === 'seconds';
  const most = isTime
    ? `${Number(allowed.toPrecision(2))} s of work`
    : `${Math.round(allowed / 1e6)} MB of memory`;
  return new LookbookError('decode', {
    what,
    got: `more than ${most}`,
    expected: 'no more than that',
    mend: `Save it smaller, leave it out with EXCLUDE, or allow more with ${isTime ? SECONDS_SETTING : MEMORY_SETTING}.`,
    cause,
  });
}

/** The picture did not come to its decoder, or its pixels not back: no fault of its bytes. */
export function undelivered(reason: string): LookbookError {
  return new LookbookError('decode', {
    what: 'the picture cannot be passed to its decoder and back',
    got: reason,
    expected: 'room in /dev/shm or the folder of temporary files',
    mend: `Make room there, or set ${DECODERS_SETTING}=0: pictures are then decoded in this process, which a hostile one may end.`,
    cause: new DecoderFault(reason),
  });
}

/** No fault of a picture: whoever meets it stops. */
export function notStarted(got: string, cause?: unknown): LookbookError {
  return new LookbookError('decoder', {
    what: 'no process for decoding pictures can be started',
    got,
    expected: 'a process',
    mend: `Allow it, or set ${DECODERS_SETTING}=0: pictures are then decoded in this process, which a hostile one may end.`,
    cause,
  });
}
