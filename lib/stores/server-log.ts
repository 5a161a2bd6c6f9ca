/** The embedded server's output: a file of bounded size, and its last lines for error messages. */
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const maxBytes = 1_000_000;
const tailLines = 6;
const tailChars = 600;
/** What Chroma prints at every start: a logo, addresses, advertisement. */
const banner =
  /[(#]{4}|trychroma\.com|Chroma Cloud|chroma copy|OpenTelemetry|^(Saving data|Connect to Chroma)/;
/** The frames of Rust's and Node's traces, and what stands around them. */
const trace = /^(\d+: |at )|backtrace|^[{}[\]^]+,?$|^Node\.js v|^throw |^node:internal/i;

export interface ServerLog {
  write(text: string): void;
  tail(): string;
}

/** Writing is best effort: a full disk must not end the server that it tells about. */
export function openServerLog(path: string): ServerLog {
  let recent = '';
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    write(text: string): void {
      recent = (recent + text).slice(-16_000);
      try {
        if (bytes + text.length > maxBytes) {
          writeFileSync(path, recent, { mode: 0o600 });
          bytes = recent.length;
        } else {
          appendFileSync(path, text, { mode: 0o600 });
          bytes += text.length;
        }
      } catch {
        bytes = 0;
      }
    },
    tail(): string {
      const lines = stripVTControlCharacters(recent).split('\n');
      const told = lines
        .map((line) => line.trim())
        .filter((line) => line && !banner.test(line) && !trace.test(line));
      return told.slice(-tailLines).join(' | ').slice(-tailChars);
    },
  };
}
