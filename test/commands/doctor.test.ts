import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from './command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-doctor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }));

it('a machine that passes these tests is well', async () => {
  const { code, out } = await runCommand('doctor', [], {
    LOOKBOOK_CHROMA: join(folder, 'chroma'),
    LOOKBOOK_MASKS: join(folder, 'masks'),
  });
  const names = ['Node', 'Processor', 'Memory', 'Folders', 'Disk', 'Packages', 'Pictures', 'Model'];
  for (const name of [...names, 'Segmenter', 'Highlighter', 'Weights', 'Store', 'Collections'])
    expect(out).toMatch(new RegExp(`^✓ ${name} `, 'm'));
  expect(out).toMatch(/^✓ TensorFlow\.js +models of it run in the backend (tensorflow|wasm)/m);
  expect(out).toMatch(/^[✓–] Jupyter /m);
  expect(out).toContain('All is well');
  expect(code).toBe(0);
});

it('names what is wrong and goes on with the rest', async () => {
  const { code, out } = await runCommand('doctor', [], {
    LOOKBOOK_CHROMA: 'http://127.0.0.1:9',
    LOOKBOOK_ENCODER: 'nobody',
    LOOKBOOK_SEGMENTER: 'windows, segments-of-nobody, pictoclip',
    LOOKBOOK_HIGHLIGHTER: 'windows',
  });
  expect(out).toMatch(/^✗ Model +\[models\] no model of that name/m);
  expect(out).toMatch(/^✗ Segmenter +\[models\] no model of that name: got "segments-of-nobody"/m);
  expect(out).toMatch(/^ +\[models\] pictoclip is none of the segmenters/m);
  expect(out).toMatch(/^✗ Highlighter +\[models\] windows is none of the highlighters/m);
  expect(out).toMatch(/^✗ Store +\[store\] .*127\.0\.0\.1:9/m);
  expect(out).toMatch(/^✓ Disk /m);
  expect(code).toBe(1);
});

it('says the same as JSON, for whoever asks from afar', async () => {
  const { out } = await runCommand('doctor', ['--json'], { LOOKBOOK_CHROMA: 'memory:' });
  const findings = JSON.parse(out.trim().split('\n').at(-1)!);
  expect(findings).toContainEqual({
    name: 'Store',
    state: 'well',
    says: [expect.stringContaining('memory:')],
  });
});
