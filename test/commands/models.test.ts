import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { projectPath, projectRoot } from '#lib/paths.js';
import { hashOf } from '../hub/hub-server.js';
import { ALL, type DrawingsHub, openDrawingsHub } from '../models/drawings-hub.js';
import { type Ended, type RunningCommand, runCommand, startCommand } from './command.js';

let hub: DrawingsHub;
beforeEach(async () => {
  hub = await openDrawingsHub();
});
afterEach(() => hub.close());

const models = (...args: string[]): Promise<Ended> => runCommand('models', args, hub.env);

describe('list', () => {
  it('tells of every manifest, and marks those that are ready', async () => {
    const { code, out } = await models('list');
    const names = readdirSync(join(projectRoot, 'models')).filter(
      (name) => name.endsWith('.json') && !name.includes('schema'),
    );
    expect(code).toBe(0);
    for (const name of names) expect(out).toMatch(new RegExp(`^[✓·] ${name.slice(0, -5)} `, 'm'));
    expect(out).toMatch(/^✓ pictoclip /m);
    expect(out).toMatch(
      /^· clip-vit-b-32 .*\n.*ImageNet zero-shot 63\.3 % · English · 608 MB · fp32, fp16, q8 · MIT$/m,
    );
    expect(out).toContain('Apple gives these weights for non-commercial research only');
    expect(out).toMatch(/^✓ windows .*\n.*windows · no weights · Apache-2\.0$/m);
    expect((await models()).out).toBe(out);
  });

  it('says which manifest is wrong, and ends with 1', async () => {
    hub.write('wrong', ({ preprocessing }) => {
      preprocessing.resize = 'stretch';
    });
    const { code, out, err } = await models('list');
    expect(code).toBe(1);
    expect(err).toMatch(/^\[models\] the manifest .*wrong\.json has 1 fault/);
    expect(out).toMatch(/^✓ pictoclip /m);
  });
});

describe('layers', () => {
  it('lists what may stand in LAYER: every tensor of the graph with its form, and what the manifest calls it', async () => {
    const { code, out, err } = await models('layers', 'pictoclip');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^\/tower\/stage8\/stage8\.2\/Relu_1_output_0 +\[\?, 128, \?, \?\] {2}Relu, the layer stage8$/m,
    );
    expect(out).toMatch(/^vector +\[\?, 256\] {2}Gemm, output, the layer unsettled$/m);
    expect(out).toMatch(/^\/tower\/ReduceMax_output_0 +\[\?, 224\] {2}ReduceMax$/m);
    // Weights are no layers.
    expect(out).not.toMatch(/weight/);
    expect(await models('layers', 'windows')).toMatchObject({
      code: 0,
      out: 'windows has no graph.\n',
      err: '',
    });
  });
});

describe('verify', () => {
  it('the embedded model is whole, and finds all drawings', async () => {
    const { code, out, err } = await models('verify', 'pictoclip');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^pictoclip is whole: .*\n.*\npictoclip: 20 of 20 right/);
  });

  it('what has no weights is whole, and has nothing to show or to fetch', async () => {
    const { code, out, err } = await models('verify', 'windows');
    expect({ code, out, err }).toEqual({ code: 0, out: 'windows needs no files.\n', err: '' });
    expect(await models('pull', 'windows')).toMatchObject({
      code: 0,
      out: 'windows needs no files.\n',
      err: '',
    });
  });

  it('an unknown name is an error that lists the known ones', async () => {
    expect(await models('verify', 'nobody')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^\[models\] no model of that name: got "nobody", expected one of .*pictoclip/,
      ),
    });
  });

  it('a file of the right size and other bytes is a fault', async () => {
    hub.write('drawings');
    await models('pull', 'drawings');
    hub.write('drawings', ({ files }) => {
      files.words!.sha256 = '0'.repeat(64);
    });
    const { code, out, err } = await models('verify', 'drawings');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/words\.txt: got sha256 (?!0{64})[0-9a-f]{64}, expected 0{64}\n$/);
  });

  it('whole files that are wired wrongly are a fault too', async () => {
    hub.write('drawings', ({ preprocessing }) => {
      preprocessing.std = [0.004, 0.004, 0.004];
    });
    expect(await models('pull', 'drawings')).toMatchObject({ code: 1 });
    const { code, err } = await models('verify', 'drawings');
    expect(code).toBe(1);
    expect(err).toMatch(/^\[models\] drawings does not pass its self-check: got \d+ of 20 right/);
  });
});

describe('pull', () => {
  it('fetches, says how far it is, checks, and then finds everything here', async () => {
    hub.write('drawings');
    const first = await models('pull', 'drawings');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^drawings · text\.onnx · (.+) of \1 \(100 %\) · done$/m);
    expect(first.out).toMatch(/^drawings: 20 of 20 right/m);
    expect(first.out).toMatch(/^drawings is ready: .*image\.onnx/m);
    expect((await models('pull', 'drawings')).out).toMatch(/^drawings is here already\.$/m);
    expect(hub.asked()).toEqual(ALL);
  });

  it('two processes at once fetch each file once, and both end well', async () => {
    hub.write('drawings');
    const both = await Promise.all([models('pull', 'drawings'), models('pull', 'drawings')]);
    expect(both.map(({ code, err }) => ({ code, err }))).toEqual([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ]);
    expect(hub.asked()).toEqual(ALL);
    expect(hub.holds('drawings')).toEqual(ALL);
  });

  it('says where files belong that no hub has, and ends with 1', async () => {
    const { code, err } = await models('pull', 'mobilenet-v2');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^\[models\] the weights of mobilenet-v2 are not on this machine: got no .*\.onnx, expected them in .*models\/mobilenet-v2 .*They come from .*LOOKBOOK_MODELS\.\n$/,
    );
  });

  it('of a form that there is none says which there are', async () => {
    const { code, err } = await models('pull', 'pictoclip', '--dtype', 'fp16');
    expect(code).toBe(1);
    expect(err).toContain('got fp16, expected one of fp32');
  });

  it('Ctrl-C leaves what was fetched, ends with 130, and the next one goes on from there', async () => {
    hub.write('drawings');
    const text = hub.files.get('text.onnx')!;
    hub.instead.answer = (request, response) => {
      if (!request.url?.endsWith('/text.onnx') || request.headers.range) return false;
      response.writeHead(200, { etag: `"${hashOf(text)}"`, 'content-length': text.length });
      response.write(text.subarray(0, 2_000_000));
      return true;
    };
    const running: RunningCommand = startCommand('models', ['pull', 'drawings'], hub.env);
    const part = join(hub.root, 'drawings', 'text.onnx.part');
    await vi.waitFor(() => expect(statSync(part).size).toBe(2_000_000), { timeout: 30_000 });
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({
      code: 130,
      err: 'Stopped. What was fetched stays, and the same command goes on from there.\n',
    });
    expect(existsSync(part)).toBe(true);
    hub.asked();
    expect(await models('pull', 'drawings')).toMatchObject({ code: 0 });
    expect(hub.server.seen.at(-3)).toMatchObject({ range: 'bytes=2000000-' });
    expect(hub.asked()).toEqual(ALL.slice(1));
  });
});

describe('add', () => {
  const name = 'added-in-a-test';
  const commit = 'e'.repeat(40);

  it('writes a manifest that is pinned to the commit, with sizes, and never over another', async () => {
    const folder = projectPath('test/fixtures/golden/models/clip-split');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(json|onnx)$/.test(file) && file !== 'expected.json')
      .map((file) => [file, readFileSync(join(folder, file))] as const);
    const tokenizer = readFileSync(projectPath('test/fixtures/golden/tokenizer/clip-bpe/tokenizer.json'));
    const all = new Map([...files, ['tokenizer.json', tokenizer] as const]);
    hub.instead.answer = (request, response) => {
      const url = decodeURIComponent(request.url ?? '');
      if (url.startsWith('/api/models/some/one/revision/v1')) {
        const siblings = [...all].map(([file, bytes]) => ({
          rfilename: file,
          size: bytes.length,
          ...(file.endsWith('.onnx') ? { lfs: { size: bytes.length, sha256: hashOf(bytes) } } : {}),
        }));
        response.writeHead(200).end(JSON.stringify({ sha: commit, siblings }));
        return true;
      }
      const bytes = all.get(url.replace(`/some/one/resolve/${commit}/`, ''));
      if (bytes) response.writeHead(200, { 'content-length': bytes.length, etag: '"x"' }).end(bytes);
      return bytes !== undefined;
    };
    const { code, out, err } = await models('add', 'hf:some/one@v1', '--as', name);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/dual-encoder, .*, hub some\/one@e{40}\n/);
    const made = JSON.parse(readFileSync(join(hub.root, `${name}.json`), 'utf8'));
    const image = all.get('onnx/vision_model.onnx')!;
    expect(made).toMatchObject({
      hub: { repository: 'some/one', revision: commit },
      files: { image: { path: 'onnx/vision_model.onnx', bytes: image.length, sha256: hashOf(image) } },
    });
    expect(made).not.toHaveProperty('folder');
    expect((await models('list')).out).toMatch(new RegExp(`^· ${name} `, 'm'));
    const twice = await models('add', 'hf:some/one@v1', '--as', name);
    expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('something of that name already') });
  });

  it('never writes over a file or into a folder that is no model', async () => {
    writeFileSync(join(hub.root, 'config.json'), '{"model_type": "clip"}');
    mkdirSync(join(hub.root, 'photos'));
    for (const other of ['config', 'photos']) {
      const { code, err } = await models('add', 'hf:some/one', '--as', other);
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining('something of that name'),
      });
    }
    expect(readFileSync(join(hub.root, 'config.json'), 'utf8')).toBe('{"model_type": "clip"}');
  });

  it('refuses names that are none', async () => {
    for (const bad of ['../x', 'A', 'a b']) {
      const { code, err } = await models('add', 'hf:some/one', '--as', bad);
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('cannot be the name') });
    }
    expect(await models('add', 'some/one')).toMatchObject({
      code: 1,
      err: expect.stringContaining('it does not begin with hf:'),
    });
  });
});

describe.skipIf(process.platform === 'win32')('export (not on Windows: its Python is a script here)', () => {
  /** Stands for Python with PyTorch: puts the embedded model into the target, and says what export.py says. */
  function fakePython(change = ''): string {
    const path = join(hub.root, 'python');
    const lines = [
      `#!${process.execPath}`,
      "const { copyFileSync, readFileSync } = require('node:fs');",
      "const { createHash } = require('node:crypto');",
      "const target = process.argv.find((word) => word.startsWith('--target=')).slice(9);",
      `const from = ${JSON.stringify(projectPath('models/pictoclip'))};`,
      "const roles = { image: 'image.onnx', text: 'text.onnx', settle: 'settle.onnx', words: 'words.txt' };",
      change,
      'const files = Object.entries(roles).map(([role, path]) => {',
      '  const bytes = readFileSync(`${from}/${path}`);',
      '  copyFileSync(`${from}/${path}`, `${target}/${path}`);',
      "  const sha256 = createHash('sha256').update(bytes).digest('hex');",
      '  return [role, { path, bytes: bytes.length, sha256, max_abs: 2e-6, largest: 1 }];',
      '});',
      'console.log(JSON.stringify({ files: Object.fromEntries(files) }));',
    ];
    writeFileSync(path, lines.join('\n'), { mode: 0o755 });
    return path;
  }

  function writeRecipe(): void {
    hub.write('drawings', (manifest) => {
      delete manifest.hub;
      manifest.export = { kind: 'clip', source: 'some/one' };
      for (const file of Object.values(manifest.files)) Object.assign(file, { bytes: null, sha256: null });
      manifest.files['image-data'] = { path: 'image.onnx_data', bytes: null, sha256: null };
    });
  }

  it('makes the files, writes their sha256 into the manifest, and checks what the model can', async () => {
    writeRecipe();
    const env = { ...hub.env, LOOKBOOK_EXPORT_PYTHON: fakePython() };
    const { code, out, err } = await runCommand('models', ['export', 'drawings'], env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('The largest difference to PyTorch is 2.0e-6.');
    expect(out).toMatch(/^drawings: 20 of 20 right.*\ndrawings is ready\.$/m);
    // These weights are small enough for one file: the role of external data is gone.
    expect(hub.manifest('drawings').files).toEqual(
      JSON.parse(readFileSync(projectPath('models/pictoclip.json'), 'utf8')).files,
    );
    expect(await models('verify', 'drawings')).toMatchObject({ code: 0 });
  });

  it('that lacks a file which the manifest counts on is refused, and the manifest stays', async () => {
    writeRecipe();
    const before = hub.manifest('drawings');
    const env = { ...hub.env, LOOKBOOK_EXPORT_PYTHON: fakePython('delete roles.words;') };
    const { code, err } = await runCommand('models', ['export', 'drawings'], env);
    expect(code).toBe(1);
    expect(err).toContain('got the roles image, text, settle, expected words too');
    expect(hub.manifest('drawings')).toEqual(before);
  });

  it('of a model that a hub has says to pull it', async () => {
    hub.write('drawings');
    expect(await models('export', 'drawings')).toMatchObject({
      code: 1,
      err: expect.stringContaining('`npm run models -- pull drawings` fetches its files.'),
    });
  });
});

it('help is no error; whatever makes no sense gets it with 2', async () => {
  const help = await models('--help');
  expect(help).toMatchObject({ code: 0, err: '', out: expect.stringContaining('npm run models -- add hf:') });
  for (const args of [
    ['verify'],
    ['pull'],
    ['jump', 'x'],
    ['pull', 'a', 'b'],
    ['pull', 'a', '--dtype', 'int3'],
    ['--loud'],
  ])
    expect(await models(...args)).toEqual({ code: 2, out: '', err: help.out });
});
