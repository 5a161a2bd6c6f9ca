// Run as a process of its own, to be killed: decodes the file of its argument, two at a time, and says when it begins.
import { readFileSync } from 'node:fs';
import { decode } from '../../dist/decoders/image.js';

const rule = { resize: 'squash', size: 96, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] };
const bytes = readFileSync(process.argv[2]);
const reads = [1, 2].map(() => decode(bytes, { preprocessings: [rule] }));
process.stdout.write('begun\n');
await Promise.allSettled(reads);
process.stdout.write('done\n');
