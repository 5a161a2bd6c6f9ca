/** `npm run bench -- [name …] [--json]`: speed and memory, as ratios measured side by side in one run. */
import { reasonOf } from '../errors.js';
import { runFigures } from './figures.js';

try {
  await runFigures(new URL('./benchmarks/', import.meta.url), process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(reasonOf(error));
  process.exit(1);
}
