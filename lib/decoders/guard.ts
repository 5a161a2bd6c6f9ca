/** Looks on while a decoder process works on a picture, and says when it has had enough of it. */
import type { Limits, Over } from './words.js';

/** A look takes 0.01 ms. */
const LOOK_MS = 20;
/** Of a core: who gets less in all its time waits for something that does not come. */
const STUCK_SHARE = 0.02;
/** Of the clock between two looks: what is longer was a machine asleep, or a process that was stopped. */
const LONGEST_GAP_S = 0.2;

export interface Guard {
  /** Counts from now, until these limits or the end. */
  begin(limits: Limits): void;
  end(): void;
}

/**
 * Time is CPU time, so that a busy machine is not held against a picture. Between two looks a process can take some
 * 50 MB more than it may.
 */
export function guard(onOver: (over: Over) => void): Guard {
  const idle = process.memoryUsage.rss();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearInterval(timer);
  return {
    begin({ seconds, memory }) {
      const since = process.cpuUsage();
      let passed = 0;
      let last = performance.now();
      const look = (): void => {
        const { user, system } = process.cpuUsage(since);
        const used = (user + system) / 1e6;
        const now = performance.now();
        passed += Math.min(LONGEST_GAP_S, (now - last) / 1000);
        last = now;
        const isStuck = passed > seconds && used < STUCK_SHARE * passed;
        if (process.memoryUsage.rss() - idle > memory) onOver({ limit: 'memory', allowed: memory });
        else if (used > seconds || isStuck) onOver({ limit: 'seconds', allowed: seconds });
      };
      end();
      timer = setInterval(look, LOOK_MS);
    },
    end,
  };
}
