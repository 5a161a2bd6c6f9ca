import type { ErrorOutput, MimeBundle } from './nbformat.js';

/** What the parent asks of the kernel's process: one line of JSON on its stdin, which then stays open. */
export interface KernelRequest {
  /** Working directory of the cells; their imports resolve from here. */
  folder: string;
  /** Code cells in order; `index` counts all cells of the notebook. */
  cells: { index: number; code: string }[];
  allowErrors: boolean;
  /** After SIGINT: how long a cell may take to end by itself before it is made to. */
  patienceMs: number;
}

/** What the kernel's process tells, a line of JSON each, on its file descriptor 3. `index` is the cell's. */
export type KernelMessage =
  | { kind: 'start'; index: number }
  | { kind: 'stream'; index: number; name: 'stdout' | 'stderr'; text: string }
  | { kind: 'display'; index: number; data: MimeBundle; id?: string; update: boolean }
  | { kind: 'end'; index: number; executionCount: number; error?: ErrorOutput }
  | { kind: 'finished' };

/** One line of JSON. The two line separators that JSON leaves bare are escaped: readline would break there. */
export function toLine(value: KernelRequest | KernelMessage): string {
  return `${JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
}
