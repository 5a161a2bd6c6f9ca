/**
 * npm run doctor [-- --json]: what is wrong on this machine, and how to mend it. One line for each thing.
 * npm run doctor -- --rebuild: makes a damaged store anew of what can be read of it.
 */
import { existsSync } from 'node:fs';
import { defineConfig } from '../config.js';
import { LookbookError } from '../errors.js';
import { type Check, examine } from '../health/check.js';
import { doctor } from '../health/doctor.js';
import { rebuild } from '../health/rebuild.js';
import { browserPath } from '../notebook/browser.js';
import { findJupyter, pythonState } from '../notebook/jupyter.js';
import { shownPath } from '../paths.js';
import type { Finding } from '../types.js';
import { visible } from '../visible.js';
import { count, counted } from '../words.js';

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
  return `${MARKS[state]} ${name.padEnd(NAME_WIDTH)}${says.map(visible).join(`\n  ${' '.repeat(NAME_WIDTH)}`)}`;
}

/** Only when it is asked for. */
async function rebuildStore(asJson: boolean): Promise<boolean> {
  const rebuilt = await rebuild(defineConfig()).catch((error: unknown) => {
    console.error(error instanceof LookbookError ? error.message : error);
  });
  if (!rebuilt) return false;
  const { aside, collections, lost, unfinished, unreadable } = rebuilt;
  if (asJson) {
    console.log(JSON.stringify(rebuilt));
    return true;
  }
  if (unreadable !== undefined) console.log(`No row can be read: ${unreadable}`);
  for (const { name, of, told, read } of collections)
    console.log(`${name}: ${count(read)} of ${count(told)} ${of} were read whole and stand in the new store`);
  const anew = unreadable === undefined ? counted(lost, 'picture') : 'every picture';
  console.log(
    `\nThe next run of the index encodes ${anew} anew, and ${count(unfinished)} more for their segments.`,
  );
  console.log(`The damaged files lie in ${shownPath(aside)}; delete them when all is well again.`);
  return true;
}

const asJson = process.argv.includes('--json');
(process.argv.includes('--rebuild') ? rebuildStore(asJson) : main(asJson)).then((well) =>
  process.exit(well ? 0 : 1),
);
