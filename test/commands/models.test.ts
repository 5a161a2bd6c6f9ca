import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '#lib/paths.js';
import { runCommand } from './command.js';

it('lists every manifest, and marks those that are ready', async () => {
  const { code, out } = await runCommand('models', ['list']);
  const names = readdirSync(join(projectRoot, 'models')).filter(
    (name) => name.endsWith('.json') && !name.includes('schema'),
  );
  expect(code).toBe(0);
  for (const name of names) expect(out).toMatch(new RegExp(`^[✓·] ${name.slice(0, -5)} `, 'm'));
  expect(out).toMatch(/^✓ pictoclip /m);
});

it('the embedded model is whole', async () => {
  expect(await runCommand('models', ['verify', 'pictoclip'])).toMatchObject({ code: 0, err: '' });
});

it('an unknown name is an error that lists the known ones', async () => {
  expect(await runCommand('models', ['verify', 'nobody'])).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(
      /^\[models\] no model of that name: got "nobody", expected one of .*pictoclip/,
    ),
  });
});

it('pull says where files belong, and that it is not there yet', async () => {
  const { code, err } = await runCommand('models', ['pull', 'mobilenet-v2'], { LOOKBOOK_MODELS: '' });
  expect(code).toBe(1);
  expect(err).toMatch(/^Downloading is not built yet: put .*\.onnx into models\/.*\/, from .*\.\n$/);
});

it('anything else gets the usage', async () => {
  expect(await runCommand('models', ['verify'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('npm run models -- list'),
  });
});
