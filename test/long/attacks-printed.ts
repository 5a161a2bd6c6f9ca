/** Before the long tests the table of attacks is empty; after them it is printed, as the README shows it. */
import { readFile, rm } from 'node:fs/promises';
import { derivedPath } from '#lib/paths.js';
import type { Attack } from '../faults/table.js';

const path = derivedPath('attacks.jsonl');

export async function setup(): Promise<void> {
  await rm(path, { force: true });
}

export async function teardown(): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const attacks: Attack[] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  if (attacks.length === 0) return;
  const rows = attacks.map(({ attack, tries, losses, hangs, worst_s, note }) =>
    [note ? `${attack} (${note})` : attack, tries.toLocaleString('en'), losses, hangs, worst_s].join(' | '),
  );
  const head = ['attack | tries | losses | hangs | worst, s', '---|---|---|---|---'];
  console.log([...head, ...rows].map((row) => `| ${row} |`).join('\n'));
}
