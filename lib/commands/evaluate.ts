/** `npm run evaluate -- [name …] [--json]`: search quality on truth that is known. */
import { reasonOf } from '../errors.js';
import { runFigures } from './figures.js';

try {
  await runFigures(new URL('./evaluations/', import.meta.url), process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(reasonOf(error));
  process.exit(1);
}
