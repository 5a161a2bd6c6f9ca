/** One download of a target at a time within this process: who asks for the same joins it. */

export interface Wish<Listener> {
  /** What must not be worked on twice at once. */
  key: string;
  /** Wishes of one key that are alike share one run; another kind waits for its turn. */
  kind: string;
  listener: Listener;
  signal?: AbortSignal | undefined;
}

interface Run<Listener, Result> {
  kind: string;
  listeners: Set<Listener>;
  controller: AbortController;
  result: Promise<Result>;
}

type Start<Listener, Result> = (listeners: ReadonlySet<Listener>, signal: AbortSignal) => Promise<Result>;

/**
 * Makes a function that runs `start` at most once at a time for each key. A caller whose signal fires leaves at once;
 * the run itself is stopped when its last caller has left, and has then ended before that caller is told.
 */
export function shareRuns<Listener extends object, Result>(): (
  wish: Wish<Listener>,
  start: Start<Listener, Result>,
) => Promise<Result> {
  const runs = new Map<string, Run<Listener, Result>>();

  function begin({ key, kind }: Wish<Listener>, start: Start<Listener, Result>): Run<Listener, Result> {
    const [listeners, controller] = [new Set<Listener>(), new AbortController()];
    // Started a moment later, when the first listener is in.
    const result = Promise.resolve()
      .then(() => start(listeners, controller.signal))
      .finally(() => runs.delete(key));
    const run = { kind, listeners, controller, result };
    runs.set(key, run);
    return run;
  }

  return async function share(wish, start) {
    wish.signal?.throwIfAborted();
    let run = runs.get(wish.key);
    while (run && (run.kind !== wish.kind || run.controller.signal.aborted)) {
      await orAborted(ended(run.result), wish.signal);
      run = runs.get(wish.key);
    }
    run ??= begin(wish, start);
    run.listeners.add(wish.listener);
    try {
      return await orAborted(run.result, wish.signal);
    } finally {
      run.listeners.delete(wish.listener);
      if (run.listeners.size === 0) {
        run.controller.abort();
        await ended(run.result);
      }
    }
  };
}

/** However it ends; its result is told to those who wait for that. */
async function ended(promise: Promise<unknown>): Promise<void> {
  await promise.then(
    () => undefined,
    () => undefined,
  );
}

/** @throws the signal's reason as soon as it fires. */
async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
