/** Of a laptop that sleeps in the middle one tick is lost, and not all of the time. */
const TICKS = 8;

/** Calls once so many seconds have passed in which this machine was awake. @returns what stops it. */
export function afterSeconds(seconds: number, onEnd: () => void): () => void {
  let left = TICKS;
  const tick = (): void => {
    left--;
    if (left > 0) return;
    clearInterval(timer);
    onEnd();
  };
  const timer = setInterval(tick, (1000 * seconds) / TICKS);
  return () => clearInterval(timer);
}
