import type { KernelMessage } from './messages.js';
import type { CodeCell, DisplayOutput, ErrorOutput, Notebook } from './nbformat.js';

/** What one cell may save; a longer stream is cut, a larger display gives way to a sentence. */
export const outputLimitBytes: number = 8 * 2 ** 20;

/** Writes what the kernel tells into the notebook's cells, as Jupyter's own front ends would. */
export interface OutputRecorder {
  record(message: KernelMessage): void;
  addError(index: number, error: ErrorOutput): void;
}

export function createOutputRecorder(
  notebook: Notebook,
  limitBytes: number = outputLimitBytes,
): OutputRecorder {
  const shown = new Map<string, DisplayOutput>();
  const streamed = new Map<CodeCell, number>();

  function codeCell(index: number): CodeCell {
    const cell = notebook.cells[index];
    if (cell?.cell_type !== 'code') throw new RangeError(`cell ${index} is no code cell`);
    return cell;
  }

  /** Consecutive writes to one stream are one output. */
  function addStream(cell: CodeCell, name: 'stdout' | 'stderr', text: string): void {
    const before = streamed.get(cell) ?? 0;
    if (before > limitBytes) return;
    const now = before + text.length;
    streamed.set(cell, now);
    const kept =
      now > limitBytes
        ? `${text.slice(0, limitBytes - before)}\n[the rest is left out: more than ${inMegabytes(limitBytes)} of text]\n`
        : text;
    const last = cell.outputs.at(-1);
    if (last?.output_type === 'stream' && last.name === name) last.text += kept;
    else cell.outputs.push({ output_type: 'stream', name, text: kept });
  }

  function addDisplay(message: Extract<KernelMessage, { kind: 'display' }>): void {
    const data = fitting(message.data, limitBytes);
    const known = message.id === undefined ? undefined : shown.get(message.id);
    if (message.update) {
      // Only the last state of a display is kept, where it was first shown.
      if (known) known.data = data;
      return;
    }
    const output: DisplayOutput = { output_type: 'display_data', data, metadata: {} };
    codeCell(message.index).outputs.push(output);
    if (message.id !== undefined) shown.set(message.id, output);
  }

  return {
    record(message) {
      if (message.kind === 'stream') addStream(codeCell(message.index), message.name, message.text);
      if (message.kind === 'display') addDisplay(message);
      if (message.kind === 'end') {
        const cell = codeCell(message.index);
        cell.execution_count = message.executionCount;
        if (message.error) cell.outputs.push(message.error);
      }
    },
    addError: (index, error) => void codeCell(index).outputs.push(error),
  };
}

function fitting(data: DisplayOutput['data'], limitBytes: number): DisplayOutput['data'] {
  const bytes = Object.values(data).reduce<number>((sum, value) => sum + String(value).length, 0);
  if (bytes <= limitBytes) return data;
  const types = Object.keys(data).join(', ');
  const limit = inMegabytes(limitBytes);
  return {
    'text/plain': `[left out: ${types} of ${inMegabytes(bytes)}, more than the ${limit} of one output]`,
  };
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
