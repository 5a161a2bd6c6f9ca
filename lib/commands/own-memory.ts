/** What this process takes of memory. */
import { readFileSync } from 'node:fs';

/**
 * The most that was resident at once so far, in megabytes of 2²⁰. Where the system tells it of this program alone that is
 * taken: getrusage counts what the parent held when it made the process.
 */
export function peakMb(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024; // no /proc here
  }
}
