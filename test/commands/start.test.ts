import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '#lib/paths.js';
import { runCommand, startCommand } from './command.js';

const count = 8;

describe('npm start', { timeout: 180_000 }, () => {
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lookbook-start-'));
    await mkdir(join(folder, 'pictures'));
    const names = (await readdir(join(projectRoot, 'images'), { recursive: true })).filter((name) =>
      /travel.+\.(jpg|webp)$/.test(name),
    );
    for (const [at, name] of names.sort().slice(0, count).entries()) {
      await cp(
        join(projectRoot, 'images', name),
        join(folder, 'pictures', `${at}-${name.replaceAll('/', '-')}`),
      );
    }
    env = {
      LOOKBOOK_DERIVED: join(folder, 'derived'),
      LOOKBOOK_NAME: 'start',
      LOOKBOOK_IMAGES: join(folder, 'pictures'),
      LOOKBOOK_CHROMA: join(folder, 'chroma'),
      LOOKBOOK_MASKS: join(folder, 'masks'),
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }));

  it('indexes, asks, leaves both pages and tells the summary; a second run has nothing new', async () => {
    const first = await runCommand('start', [], env);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(new RegExp(`^  ${count} of ${count} pictures`, 'm'));
    expect(first.out).toContain(join(folder, 'derived', 'run', '02-query.html').slice(-40));
    const summary = first.out.slice(first.out.indexOf('Pictures'));
    expect(summary).toMatch(
      new RegExp(`^Pictures +${count}\nSegments +\\d+\nSpeed .*images/s\nStages .*\nQuery +red car\n`),
    );
    expect(summary.match(/^ {2}1\. {2}[01]\.\d\d {2}.*lookbook-start-.*$/gm)).toHaveLength(1);
    for (const name of ['01-index', '02-query']) {
      const page = await readFile(join(folder, 'derived', 'run', `${name}.html`), 'utf8');
      expect(page).toMatch(/^<!doctype html>[\s\S]*Executed [\d-]+ [\d:]+ UTC in [\d.]+ s\.<\/footer>/);
      const executed = JSON.parse(await readFile(join(folder, 'derived', 'run', `${name}.ipynb`), 'utf8'));
      for (const cell of executed.cells)
        if (cell.cell_type === 'code') expect(cell.execution_count).toBeGreaterThan(0);
    }

    const second = await runCommand('start', [], env);
    expect(second).toMatchObject({ code: 0, err: '', out: expect.stringContaining('nothing new to index') });
  });

  it("tells a notebook's error as it is, with exit code 1, and leaves the page that shows it", async () => {
    const { code, out, err } = await runCommand('start', [], { ...env, LOOKBOOK_ENCODER: 'nobody' });
    expect(code).toBe(1);
    expect(err.trim()).toMatch(
      /^\[models\] no model of that name: got "nobody", expected one of .*\. Choose one of them, or add models\/<name>\.json\.$/,
    );
    expect(out).toContain('01-index.html');
    expect(await readFile(join(folder, 'derived', 'run', '01-index.html'), 'utf8')).toContain(
      '[models] no model of that name',
    );
  });

  it('tells what is wrong with the variables before anything starts', async () => {
    const { code, out, err } = await runCommand('start', [], { ...env, LOOKBOOK_MAX_FILES: 'many' });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^\[config\] the config has 1 problem: got maxFiles/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s stops it, the notebook and the server', async (signal) => {
    const running = startCommand('start', [], { ...env, LOOKBOOK_CHROMA: join(folder, `chroma-${signal}`) });
    await running.says(/01-index/);
    await sleep(2500);
    running.kill(signal);
    const { code, out, err } = await running.ended;
    expect(code).toBe(130);
    expect(err).toBe('');
    expect(out).toContain('Stopped. What was indexed is kept');
    await expect.poll(() => processesWith(folder), { timeout: 10_000, interval: 250 }).toEqual([]);
  });
});

function processesWith(text: string): string[] {
  return spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(text));
}
