/** How far a download of one file is. */
export interface DownloadProgress {
  /** Inside the repository. */
  path: string;
  doneBytes: number;
  /** null where neither manifest nor hub tell it. */
  totalBytes: number | null;
  /** Over the last seconds; 0 until there is something to say. */
  bytesPerSecond: number;
  secondsLeft: number | null;
}

export interface Meter {
  /** Notes how many bytes stand, and gives the state when it is time to tell it. */
  at(doneBytes: number, totalBytes: number | null): DownloadProgress | null;
  /** The state now, whenever it was told last. */
  now(): DownloadProgress;
}

const windowMs = 5000;

/** Measures one download; `clock` in milliseconds. What stood already at the first note does not count as speed. */
export function createMeter(
  path: string,
  everyMs: number,
  clock: () => number = () => performance.now(),
): Meter {
  const notes: { ms: number; bytes: number }[] = [];
  let toldAt = Number.NEGATIVE_INFINITY;
  let total: number | null = null;
  let done = 0;

  function state(): DownloadProgress {
    const [first, last] = [notes[0], notes.at(-1)];
    const ms = first && last ? last.ms - first.ms : 0;
    const rate = first && last && ms > 0 ? ((last.bytes - first.bytes) * 1000) / ms : 0;
    return {
      path,
      doneBytes: done,
      totalBytes: total,
      bytesPerSecond: rate,
      secondsLeft: total !== null && rate > 0 ? Math.max(0, total - done) / rate : null,
    };
  }

  return {
    at(doneBytes, totalBytes) {
      const ms = clock();
      if (doneBytes < done) notes.length = 0; // begun anew
      [done, total] = [doneBytes, totalBytes];
      const told = ms - toldAt >= everyMs;
      if (notes.length === 0 || told) notes.push({ ms, bytes: doneBytes });
      while (notes.length > 2 && ms - notes[0]!.ms > windowMs) notes.shift();
      if (!told) return null;
      toldAt = ms;
      return state();
    },
    now: state,
  };
}
