import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from '#lib/notebook/browser.js';
import { findJupyter, pythonState } from '#lib/notebook/jupyter.js';
import { derivedPath, projectRoot } from '#lib/paths.js';

const chromiumPath = browserPath();
const canHaveLab = findJupyter() !== undefined || !['none', 'no venv'].includes(pythonState());
if (!chromiumPath)
  console.warn(
    'SKIPPED: npm run lab in a browser, because Chromium is not installed (apt install chromium).',
  );
if (!canHaveLab)
  console.warn(
    'SKIPPED: npm run lab in a browser, because Python cannot make environments (apt install python3-venv).',
  );

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

async function answers(url: string, by: ChildProcess, withinMs: number): Promise<void> {
  for (
    const end = Date.now() + withinMs;
    Date.now() < end && by.exitCode === null;
    await new Promise((r) => setTimeout(r, 250))
  ) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
  }
  throw new Error(`${url} does not answer`);
}

/** A folder that looks like the checkout, so that Lab saves its outputs there and not over the notebooks. */
async function standIn(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'lookbook-lab-'));
  await mkdir(join(root, 'home'));
  for (const name of ['dist', 'node_modules', 'package.json'])
    await symlink(join(projectRoot, name), join(root, name));
  await cp(join(projectRoot, 'notebooks'), join(root, 'notebooks'), { recursive: true });
  const source = 'import { display } from \'tslab\';\ndisplay.html(`<b id="seen">${6 * 7}</b>`);';
  const cell = { cell_type: 'code', id: 'a', metadata: {}, execution_count: null, outputs: [], source };
  const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript', language: 'typescript' } };
  const small = { nbformat: 4, nbformat_minor: 5, metadata, cells: [cell] };
  await writeFile(join(root, 'notebooks', 'small.ipynb'), JSON.stringify(small));
  return root;
}

/** Enough pictures to be interrupted: the demo's JPEGs several times over, each with a byte of its own at the end. */
async function manyPictures(folder: string, times: number): Promise<number> {
  await mkdir(folder);
  const names = (await readdir(join(projectRoot, 'images'), { recursive: true })).filter((name) =>
    name.endsWith('.jpg'),
  );
  for (const [at, name] of names.entries()) {
    const bytes = await readFile(join(projectRoot, 'images', name));
    for (let time = 0; time < times; time++) {
      await writeFile(join(folder, `${at}-${time}.jpg`), Buffer.concat([bytes, Buffer.from([time])]));
    }
  }
  return names.length * times;
}

describe.skipIf(!chromiumPath || !canHaveLab)('npm run lab', () => {
  let lab: ChildProcess;
  let browser: Browser;
  let page: Page;
  let root: string;
  let base: string;
  let said = '';
  let pictures = 0;

  beforeAll(async () => {
    root = await standIn();
    pictures = await manyPictures(join(root, 'images'), 8);
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const flags = [
      '--no-browser',
      `--port=${port}`,
      '--IdentityProvider.token=',
      `--ServerApp.root_dir=${root}`,
    ];
    lab = spawn(process.execPath, [join(projectRoot, 'dist/commands/lab.js'), ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: join(root, 'home'),
        LOOKBOOK_NAME: 'lab-test',
        LOOKBOOK_IMAGES: join(root, 'images'),
        LOOKBOOK_CHROMA: join(root, 'chroma'),
        LOOKBOOK_MASKS: join(root, 'masks'),
      },
      detached: true,
    });
    for (const pipe of [lab.stdout, lab.stderr]) {
      pipe?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    await answers(`${base}/api`, lab, 300_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${said}`);
    });
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
      ],
    });
    // Lab keeps only the cells in view in its document.
    page = await browser.newPage({ viewport: { width: 1400, height: 6000 } });
    page.setDefaultTimeout(60_000);
  });

  afterAll(async () => {
    await browser?.close();
    if (lab?.pid && lab.exitCode === null) process.kill(-lab.pid, 'SIGTERM');
    for (const kept of ['catalogue', 'locks']) {
      const names = await readdir(derivedPath(kept)).catch(() => []);
      for (const name of names.filter((name) => name.startsWith('lab-test-')))
        await rm(derivedPath(kept, name));
    }
    await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  });

  const idle = (): Promise<void> => page.getByText('TypeScript (lookbook) | Idle').waitFor();
  const cell = (position: number): Locator => page.locator('.jp-Notebook .jp-CodeCell').nth(position);

  async function open(name: string): Promise<void> {
    await page.goto(`${base}/lab/tree/notebooks/${name}?reset`);
    await cell(0).locator('.cm-content').click();
    await idle();
  }

  async function choose(menu: string, item: string): Promise<void> {
    await page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${menu}$`) }).click();
    await page.locator('.lm-Menu-itemLabel', { hasText: item }).first().click();
  }

  /** Restarts, runs all, waits for the last cell's number; gives the text of all that went to stderr. */
  async function runAll(cells: number): Promise<string> {
    const prompt = (text: string): Locator => page.locator('.jp-Notebook .jp-InputPrompt', { hasText: text });
    // In two steps, because the numbers of an earlier run would pass for those of this one.
    await choose('Kernel', 'Restart Kernel and Clear Outputs');
    await page.getByRole('button', { name: 'Confirm Kernel Restart' }).click();
    await prompt(`[${cells}]:`).waitFor({ state: 'detached' });
    await idle();
    await choose('Run', 'Run All Cells');
    await prompt(`[${cells}]:`).waitFor({ timeout: 240_000 });
    await idle();
    const errors = page.locator(
      '.jp-Notebook .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]',
    );
    return (await errors.allInnerTexts()).join('\n');
  }

  it("runs a cell with this checkout's kernel, and asks no questions", async () => {
    await open('small.ipynb');
    await page.keyboard.press('Shift+Enter');
    await page.locator('#seen').waitFor();
    expect(await page.locator('#seen').textContent()).toBe('42');
    expect(await page.getByText('Would you like to get notified').count()).toBe(0);
  });

  it('an interrupt stops the indexing and leaves the kernel alive to go on', async () => {
    await open('01-index.ipynb');
    await choose('Run', 'Run All Cells');
    const bar = cell(3).locator('.jp-OutputArea-output', {
      hasText: new RegExp(`[1-9]\\d* of ${pictures} pictures`),
    });
    await bar.waitFor({ timeout: 120_000 });
    await choose('Kernel', 'Interrupt Kernel');
    await cell(3).getByText('Interrupted asynchronously').waitFor();
    await idle();
    expect(await runAll(6)).toBe('');
    const kept = await cell(4).locator('.lookbook', { hasText: 'kept' }).textContent();
    expect(Number(/(\d+)\s*kept/.exec(kept ?? '')?.[1]), kept ?? '').toBeGreaterThan(0);
    expect(await page.getByText('The kernel appears to have died').count()).toBe(0);
  });

  it('runs both notebooks again and again', async () => {
    expect(await runAll(6)).toBe('');
    await cell(4).getByText('Nothing to do').waitFor();
    await open('02-query.ipynb');
    expect(await runAll(6)).toBe('');
    expect(await runAll(6)).toBe('');
    expect(await cell(2).locator('img').count()).toBeGreaterThanOrEqual(10);
    expect(await cell(4).locator('a').count()).toBeGreaterThan(100);
    if (process.env.LOOKBOOK_SCREENSHOTS)
      await page.screenshot({ path: join(process.env.LOOKBOOK_SCREENSHOTS, 'lab.png') });
  });

  it('writes nothing into the home folder', () => {
    for (const name of ['.jupyter', '.local', '.ipython', '.cache/pip', '.cache/uv']) {
      expect(existsSync(join(root, 'home', name)), name).toBe(false);
    }
  });
});
