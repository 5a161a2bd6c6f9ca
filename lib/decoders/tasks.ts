/** What may be asked about the bytes of one picture, and what comes of it, in a form that leaves a process. */
import type { Window } from '../arithmetic/resize-plan.js';
import { type Caption, type Edit, editedCopy, letteredCopy, smallCopy, squareCopy } from './copies.js';
import type { HeadFacts } from './facts.js';
import type { Proceed } from './libvips.js';
import { readPicture, type Wanted } from './reading.js';

export type Task =
  | { kind: 'read'; wanted: Wanted }
  | { kind: 'small'; px: number; piece?: Window }
  | { kind: 'square'; px: number }
  | { kind: 'edited'; edit: Edit }
  | { kind: 'lettered'; caption: Caption };

/** Pixels, or an encoded picture; its sides are 0 where nobody asks for them. */
export interface Part {
  data: Uint8Array;
  width: number;
  height: number;
}

export interface Result {
  parts: Part[];
  /** Of 'read': the head, and which parts are the inputs and the working copy. */
  read?: { facts: HeadFacts; inputs: number[]; working: number | null };
}

/** @throws LookbookError with the reason when the bytes are no picture. */
export async function perform(task: Task, bytes: Uint8Array, proceed: Proceed): Promise<Result> {
  if (task.kind === 'read') return readResult(await readPicture(bytes, task.wanted, proceed));
  if (task.kind === 'small') {
    const { bytes: data, width, height } = await smallCopy(bytes, task, proceed);
    return { parts: [{ data, width, height }] };
  }
  const data =
    task.kind === 'square'
      ? await squareCopy(bytes, task.px, proceed)
      : task.kind === 'edited'
        ? await editedCopy(bytes, task.edit, proceed)
        : await letteredCopy(bytes, task.caption, proceed);
  return { parts: [{ data, width: 0, height: 0 }] };
}

/** Forms that are one object stay one part. */
function readResult({ facts, inputs, working }: Awaited<ReturnType<typeof readPicture>>): Result {
  const parts = [...new Set([...inputs, ...(working ? [working] : [])])];
  return {
    parts,
    read: {
      facts,
      inputs: inputs.map((pixels) => parts.indexOf(pixels)),
      working: working ? parts.indexOf(working) : null,
    },
  };
}
