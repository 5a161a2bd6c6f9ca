// Run as a process of its own, to be killed: node index-once.mjs '<config as JSON>'. Prints a line per batch and the report.
import { openLookbook } from '../../dist/index.js';

const book = await openLookbook(JSON.parse(process.argv[2]));
const report = await book.index({ onProgress: ({ done }) => process.stdout.write(`done ${done}\n`) });
process.stdout.write(`report ${JSON.stringify(report)}\n`);
await book.close();
