// Run as a process of its own, to be killed or to compete: node download-once.mjs '<{file, target} as JSON>'.
// Prints a line per progress, one when it waits, and the facts or the error.
import { downloadFile } from '../../dist/hub/download.js';

const { file, target } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${line}\n`);
try {
  const facts = await downloadFile(file, target, {
    onProgress: ({ doneBytes }) => say(`at ${doneBytes}`),
    onWait: (sentence) => say(`wait ${sentence}`),
    limits: { lockPollMs: 20, progressMs: 0, backoffMs: 2 },
  });
  say(`facts ${JSON.stringify(facts)}`);
} catch (error) {
  say(`error ${error.message}`);
}
