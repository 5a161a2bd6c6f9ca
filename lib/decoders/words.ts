/** The words between a decoder process and the process that owns it. Pictures and pixels go by the slate. */
import type { ErrorFacts } from '../errors.js';
import type { Part, Result, Task } from './tasks.js';

/** What one picture may cost. */
export interface Limits {
  /** CPU seconds. */
  seconds: number;
  /** Bytes of memory beyond those of an idle process. */
  memory: number;
}

/** What was exceeded, and how much of it was allowed. */
export interface Over {
  limit: keyof Limits;
  allowed: number;
}

/** To the process: a picture of so many bytes lies on the slate; or the large one that it has met may go on. */
export type Order = { kind: 'task'; task: Task; bytes: number } | { kind: 'go' };

/** A result whose parts lie one after the other on the slate. */
export type Laid = Omit<Result, 'parts'> & { parts: (Omit<Part, 'data'> & { bytes: number })[] };

/**
 * From the process, with its bytes of memory after a picture. `large` waits for a go; `undelivered` is no fault of the
 * picture: it could not be read from the slate, or its pixels not be laid there; `over` is the last word before the
 * process ends itself.
 */
export type Answer =
  | { kind: 'ready' }
  | { kind: 'large'; seconds: number }
  | { kind: 'done'; laid: Laid; memory: number }
  | { kind: 'refused'; facts: Pick<ErrorFacts, 'what' | 'got' | 'expected' | 'mend'>; memory: number }
  | { kind: 'undelivered'; reason: string; memory: number }
  | ({ kind: 'over' } & Over);
