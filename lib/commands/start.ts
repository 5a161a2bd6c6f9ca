/**
 * npm start [-- --all] [--verbose]: indexes images/, asks the default query, and leaves both notebooks executed, as pages;
 * with --all every notebook, or those that LOOKBOOK_NOTEBOOKS names. With --verbose each batch of an index is told as one
 * JSON line (TraceLine) on stderr, and kept in trace.jsonl beside the pages.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { inspect } from 'node:util';
import { defineConfig } from '../config.js';
import { LookbookError } from '../errors.js';
import { type Execution, executeNotebook } from '../notebook/execute.js';
import { exportHtml } from '../notebook/export.js';
import { createLiveLine } from '../notebook/live-line.js';
import { writeNotebook } from '../notebook/nbformat.js';
import { createRunFacts, type RunFacts } from '../notebook/run-facts.js';
import { derivedPath, projectRoot } from '../paths.js';
import { summaryText } from '../rendering/summary.js';
import { openStore } from '../stores/open-store.js';
import { visibleLines } from '../visible.js';
import { followLines } from './follow-lines.js';
import { whichNotebooks } from './which-notebooks.js';

const folder = join(projectRoot, 'notebooks');
const runFolder = derivedPath('run');
const stopped = 130;

async function main(signal: AbortSignal): Promise<number> {
  const { LOOKBOOK_NOTEBOOKS: listed } = process.env;
  const args = process.argv.slice(2).filter((arg) => arg !== '--verbose');
  const names = await whichNotebooks(folder, { args, listed });
  await mkdir(runFolder, { recursive: true });
  const follower = process.argv.includes('--verbose') ? follow() : undefined;
  const facts = createRunFacts(runFolder);
  // Held for the whole run, so that the server need not start again for the second notebook.
  const store = await openStore(defineConfig().chroma);
  const pages: string[] = [];
  try {
    for (const name of names) {
      const execution = await run(name, facts, signal);
      pages.push(await leave(name, execution));
      if (execution.status !== 'ok') return tellFailure(execution, pages);
    }
  } finally {
    follower?.end();
    await store.close();
  }
  tellPages(pages);
  const summary = facts.summary();
  if (summary) console.log(`\n${summaryText(summary)}`);
  return 0;
}

/** The notebooks' own process inherits the name of the file. */
function follow(): { end(): void } {
  process.env.LOOKBOOK_TRACE = join(runFolder, 'trace.jsonl');
  return followLines(process.env.LOOKBOOK_TRACE, (line) => console.error(line));
}

async function run(name: string, facts: RunFacts, signal: AbortSignal): Promise<Execution> {
  console.log(`${name} …`);
  const live = createLiveLine(process.stdout);
  const execution = await executeNotebook(join(folder, `${name}.ipynb`), {
    signal,
    env: { LOOKBOOK_RUN_FACTS: runFolder },
    onMessage(message) {
      live.show(message);
      if (message.kind === 'end') facts.look();
    },
  });
  live.end();
  if (execution.status === 'ok') console.log(`  done in ${execution.seconds.toFixed(1)} s`);
  return execution;
}

/** Writes the executed notebook and its page, whatever the status. */
async function leave(name: string, { notebook, status, seconds }: Execution): Promise<string> {
  const page = join(runFolder, `${name}.html`);
  const ending = status === 'ok' ? '' : `, ${status}`;
  await writeNotebook(join(runFolder, `${name}.ipynb`), notebook);
  const footer = `Executed ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC in ${seconds.toFixed(1)} s${ending}.`;
  await writeFile(page, exportHtml(notebook, { title: name, footer }));
  return page;
}

function tellFailure({ status, failure }: Execution, pages: readonly string[]): number {
  if (status === 'stopped') {
    console.log('\nStopped. What was indexed is kept; npm start goes on from there.');
    return stopped;
  }
  console.error(`\n${visibleLines(failure?.error.evalue ?? `The notebook ended early (${status}).`)}`);
  tellPages(pages);
  return 1;
}

function tellPages(pages: readonly string[]): void {
  console.log('\nOpen in a browser:');
  for (const page of pages) console.log(`  ${relative(process.cwd(), page) || page}`);
}

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second time there is no waiting; the notebook's process ends with this one.
    if (controller.signal.aborted) process.exit(stopped);
    controller.abort();
    console.log('\nStopping at the end of the batch … (again: at once)');
  });
}

main(controller.signal).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    console.error(thrown instanceof LookbookError ? thrown.message : visibleLines(inspect(thrown)));
    process.exit(controller.signal.aborted ? stopped : 1);
  },
);
