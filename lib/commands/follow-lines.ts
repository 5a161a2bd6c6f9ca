import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { visible } from '../visible.js';

const LOOK_MS = 300;
const PIECE = 2 ** 16;

/** Says each line that another process adds to a file, soon after; what the file held before is gone. */
export function followLines(path: string, say: (line: string) => void): { end(): void } {
  writeFileSync(path, '');
  const file = openSync(path, 'r');
  const piece = Buffer.alloc(PIECE);
  let rest = '';
  const look = (): void => {
    for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece))
      rest += piece.toString('utf8', 0, bytes);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(visible(line));
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    end() {
      clearInterval(timer);
      look();
      closeSync(file);
    },
  };
}
