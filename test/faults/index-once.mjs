// Run as a process of its own, to be killed: node index-once.mjs '<config as JSON>'. Prints a line per progress and the report.
import { openLookbook } from '../../dist/index.js';

const say = (line) => process.stdout.write(`${line}\n`);
try {
  const book = await openLookbook(JSON.parse(process.argv[2]));
  const report = await book.index({ onProgress: ({ done, total }) => say(`done ${done} of ${total}`) });
  say(`report ${JSON.stringify(report)}`);
  await book.close();
} catch (error) {
  say(`error ${error.message.replaceAll('\n', ' ')}`);
  process.exitCode = 1;
}
