/** npm run doctor [-- --json]: what is wrong on this machine, and how to mend it. One line for each thing. */
import { existsSync } from 'node:fs';
import { defineConfig } from '../config.js';
import { LookbookError } from '../errors.js';
import { type Check, examine } from '../health/check.js';
import { doctor } from '../health/doctor.js';
import { browserPath } from '../notebook/browser.js';
import { findJupyter, pythonState } from '../notebook/jupyter.js';
import type { Finding } from '../types.js';

const NAME_WIDTH = 15;
const MARKS: Record<Finding['state'], string> = { well: '✓', lacking: '–', wrong: '✗' };

/** What only those need who test or use the notebooks by hand. */
const tools: Check[] = [
  {
    name: 'Chromium',
    optional: true,
    async look() {
      const path = browserPath();
      if (path) return path;
      throw wrong(
        'no browser for the browser tests',
        'none',
        'Run apt install chromium; without it those tests are skipped.',
      );
    },
  },
  {
    name: 'Jupyter',
    optional: true,
    async look() {
      const jupyter = findJupyter();
      if (jupyter)
        return `JupyterLab ${jupyter.version} (${jupyter.found === 'checkout' ? 'of this checkout' : 'installed'})`;
      const state = pythonState();
      if (state !== 'none' && state !== 'no venv') return `none yet; npm run lab makes it with ${state}`;
      const mend =
        'Run apt install python3-venv (Debian, Ubuntu) or install uv, for npm run lab; npm start needs neither.';
      throw wrong(
        'JupyterLab cannot be made',
        state === 'none' ? 'no Python' : 'a Python without ensurepip',
        mend,
      );
    },
  },
];

function wrong(what: string, got: string, mend: string): LookbookError {
  return new LookbookError('doctor', { what, got, mend });
}

/** True when all that is needed is there. */
async function main(asJson: boolean): Promise<boolean> {
  const settings = defineConfig();
  const findings: Finding[] = [];
  for (const part of [doctor(settings), examine(tools)]) {
    for await (const finding of part) {
      findings.push(finding);
      if (!asJson) console.log(lineOf(finding));
    }
  }
  const well = findings.every(({ state }) => state !== 'wrong');
  if (asJson) {
    console.log(JSON.stringify(findings));
    return well;
  }
  if (!existsSync(settings.images[0] ?? ''))
    console.log('\nThere is no folder of pictures yet: put some into images/.');
  console.log(
    well ? '\nAll is well: npm start will run.' : '\nMend the lines marked ✗, then run this again.',
  );
  return well;
}

function lineOf({ name, state, says }: Finding): string {
  return `${MARKS[state]} ${name.padEnd(NAME_WIDTH)}${says.join(`\n  ${' '.repeat(NAME_WIDTH)}`)}`;
}

main(process.argv.includes('--json')).then((well) => process.exit(well ? 0 : 1));
