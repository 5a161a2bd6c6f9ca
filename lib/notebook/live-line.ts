import { visible, visibleLines } from '../visible.js';
import type { KernelMessage } from './messages.js';
import { htmlAsLine, plainText } from './text.js';

/** Where lines go: a terminal, which can overwrite its last line, or a file or pipe, which cannot. */
export interface LineSink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface LiveLine {
  /** A kernel's message: an updating display becomes the live line, streams become lines of their own. */
  show(message: KernelMessage): void;
  /** Leaves the live line as it last was and goes on below it. */
  end(): void;
}

const terminalMs = 100;
/** A log file wants to know that it goes on, not every batch. */
const logMs = 5000;

/** A display of more characters is an answer that has taken the place of its progress. */
const LONGEST = 240;

/** Shows a running notebook's progress as text; `now` in milliseconds. */
export function createLiveLine(sink: LineSink, now: () => number = () => performance.now()): LiveLine {
  const everyMs = sink.isTTY ? terminalMs : logMs;
  let pending: string | undefined;
  let standing = false;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const live = new Set<string>();

  function draw(line: string): void {
    drawnAt = now();
    pending = undefined;
    if (sink.isTTY) sink.write(`\r\u001b[2K${clip(line, (sink.columns ?? 80) - 1)}`);
    else sink.write(`${line}\n`);
    standing = Boolean(sink.isTTY);
  }

  function end(): void {
    if (pending !== undefined) draw(pending);
    if (standing) sink.write('\n');
    standing = false;
  }

  function showDisplay({ id, data, update }: Extract<KernelMessage, { kind: 'display' }>): void {
    // Only a display that comes back is progress; a gallery is for the page.
    if (id === undefined || !(update || live.has(id))) return;
    live.add(id);
    const line = `  ${visible(htmlAsLine(String(data['text/html'] ?? data['text/plain'] ?? '')))}`;
    if (line.length > LONGEST) return;
    if (now() - drawnAt >= everyMs) draw(line);
    else pending = line;
  }

  return {
    show(message) {
      if (message.kind === 'display') showDisplay(message);
      if (message.kind === 'end') end();
      if (message.kind === 'stream') {
        end();
        // What a cell prints may hold names and labels from outside.
        const said = visibleLines(plainText(message.text).trimEnd());
        for (const line of said.split('\n')) sink.write(`  ${line}\n`);
      }
    },
    end,
  };
}

function clip(line: string, columns: number): string {
  return line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;
}
