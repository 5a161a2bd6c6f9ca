import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LookbookError, reasonOf } from '../errors.js';
import { projectPath } from '../paths.js';
import type { Check } from './check.js';

const require = createRequire(import.meta.url);

/** What runs outside of JavaScript or speaks to something that does; their versions matter to whoever helps. */
const PACKAGES = ['onnxruntime-node', 'sharp', 'chromadb', 'tslab'];

/** The versions of the packages that do the work, against those that this checkout was made with. */
export const packageCheck: Check = {
  name: 'Packages',
  async look() {
    const { dependencies } = JSON.parse(await readFile(projectPath('package.json'), 'utf8'));
    const found = await Promise.all(
      PACKAGES.map(async (name) => ({ name, expected: dependencies[name], got: await versionOf(name) })),
    );
    const wrong = found.filter(({ expected, got }) => expected !== got);
    if (wrong.length) {
      throw new LookbookError('doctor', {
        what: 'packages are not those of package-lock.json',
        got: wrong.map(({ name, got }) => `${name} ${got}`).join(', '),
        expected: wrong.map(({ name, expected }) => `${name} ${expected}`).join(', '),
        mend: 'Run npm ci.',
      });
    }
    return found.map(({ name, got }) => `${name} ${got}`).join(', ');
  },
};

/** Read from the file: a package need not load, nor tell its own version, to be looked at. */
async function versionOf(name: string): Promise<string> {
  try {
    const entry = require.resolve.paths(name)?.map((folder) => join(folder, name, 'package.json')) ?? [];
    for (const path of entry) {
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text !== null) return String(JSON.parse(text).version);
    }
    return 'missing';
  } catch (error) {
    return `unreadable (${reasonOf(error)})`;
  }
}
