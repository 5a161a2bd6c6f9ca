import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEncoder } from '#lib/models/families.js';
import { fetchFiles } from '#lib/models/fetch-files.js';
import { readManifest } from '#lib/models/manifest.js';
import { formatManifest, sayFacts } from '#lib/models/manifest-text.js';
import { dtypesOf, filesOf, findModel, listModels, modelFiles, modelNames } from '#lib/models/registry.js';
import { derivedPath, projectPath } from '#lib/paths.js';
import { hashOf } from '../hub/hub-server.js';
import { ALL, type DrawingsHub, fault, openDrawingsHub } from './drawings-hub.js';

let hub: DrawingsHub;
beforeEach(async () => {
  hub = await openDrawingsHub();
});
afterEach(() => hub.close());

describe("a person's own manifests", () => {
  it('are found in LOOKBOOK_MODELS; what lies in models/ wins', async () => {
    hub.write('drawings');
    hub.write('pictoclip', (manifest) => {
      manifest.title = 'another one';
    });
    expect(await modelNames()).toContain('drawings');
    expect((await findModel('drawings')).origin).toBe(join(hub.root, 'drawings.json'));
    expect((await findModel('pictoclip')).origin).toBe(projectPath('models/pictoclip.json'));
  });

  it('are told from the other JSON files that lie beside weights', async () => {
    writeFileSync(join(hub.root, 'tokenizer.json'), '{"model": {"vocab": {}}}');
    writeFileSync(join(hub.root, 'config.json'), '{"model_type": "clip"}');
    writeFileSync(join(hub.root, 'torn.json'), '{"family": "dual-enc');
    writeFileSync(join(hub.root, '.hidden.json'), '{"family": "dual-encoder", "files": {}}');
    const names = await modelNames();
    for (const name of ['tokenizer', 'config', 'torn', '.hidden']) expect(names).not.toContain(name);
  });

  it('one that is wrong is a fault of the list, and hides no other', async () => {
    hub.write('drawings');
    hub.write('wrong', ({ preprocessing }) => {
      preprocessing.resize = 'stretch';
    });
    const { entries, faults } = await listModels();
    expect(faults).toEqual([expect.stringMatching(/wrong\.json has 1 fault: got preprocessing\.resize/)]);
    expect(entries.map(({ manifest }) => manifest.name)).toContain('drawings');
  });

  it('a folder of LOOKBOOK_MODELS that is not there is passed over', async () => {
    vi.stubEnv('LOOKBOOK_MODELS', ['/not/mounted', hub.root].join(delimiter));
    hub.write('drawings');
    expect(await modelNames()).toContain('drawings');
  });
});

describe('the files of a model', () => {
  it('lie in its folder, or directly in a folder of LOOKBOOK_MODELS when they have the right size', async () => {
    hub.write('drawings');
    writeFileSync(join(hub.root, 'words.txt'), 'of another model');
    for (const path of ['image.onnx', 'settle.onnx'])
      symlinkSync(projectPath(`models/pictoclip/${path}`), join(hub.root, path));
    mkdirSync(join(hub.root, 'drawings'));
    symlinkSync(projectPath('models/pictoclip/text.onnx'), join(hub.root, 'drawings', 'text.onnx'));
    const { found, ready } = await findModel('drawings');
    expect(ready).toBe(false);
    expect(found).toEqual({
      image: join(hub.root, 'image.onnx'),
      settle: join(hub.root, 'settle.onnx'),
      text: join(hub.root, 'drawings', 'text.onnx'),
      words: null,
    });
  });

  it('of unknown size are not taken from where any model may lie', async () => {
    hub.write('drawings', ({ files }) => {
      files.words!.bytes = null;
    });
    writeFileSync(join(hub.root, 'words.txt'), 'of another model');
    expect((await findModel('drawings')).found.words).toBeNull();
  });

  it('a whole one behind a cut one is taken', async () => {
    const second = join(hub.root, 'second');
    vi.stubEnv('LOOKBOOK_MODELS', [hub.root, second].join(delimiter));
    hub.write('drawings');
    for (const root of [hub.root, second]) mkdirSync(join(root, 'drawings'), { recursive: true });
    writeFileSync(join(hub.root, 'drawings', 'words.txt'), 'cut');
    symlinkSync(projectPath('models/pictoclip/words.txt'), join(second, 'drawings', 'words.txt'));
    expect((await findModel('drawings')).found.words).toBe(join(second, 'drawings', 'words.txt'));
  });

  it('a graph and its external data come from one folder', async () => {
    const second = join(hub.root, 'second');
    vi.stubEnv('LOOKBOOK_MODELS', [hub.root, second].join(delimiter));
    const [graph, data] = [Buffer.from('graph'), Buffer.from('its data')];
    hub.write('drawings', ({ files }) => {
      Object.assign(files.image!, { bytes: graph.length, sha256: hashOf(graph) });
      files['image-data'] = { path: 'image.onnx_data', bytes: data.length, sha256: hashOf(data) };
    });
    for (const root of [hub.root, second]) mkdirSync(join(root, 'drawings'), { recursive: true });
    writeFileSync(join(hub.root, 'drawings', 'image.onnx'), graph);
    writeFileSync(join(second, 'drawings', 'image.onnx_data'), data);
    expect((await findModel('drawings')).found['image-data']).toBeNull();
    writeFileSync(join(second, 'drawings', 'image.onnx'), graph);
    expect((await findModel('drawings')).found).toMatchObject({
      image: join(second, 'drawings', 'image.onnx'),
      'image-data': join(second, 'drawings', 'image.onnx_data'),
    });
  });
});

describe('forms of the weights', () => {
  const half = { path: 'half.onnx', bytes: 5, sha256: null };

  it('a form stands in for the files it names, and takes their external data away', async () => {
    hub.write('drawings', (manifest) => {
      manifest.files['image-data'] = { path: 'image.onnx_data', bytes: 1, sha256: null };
      manifest.files['text-data'] = { path: 'text.onnx_data', bytes: 1, sha256: null };
      manifest.variants = { fp16: { image: half } };
    });
    const { manifest } = await findModel('drawings');
    expect(dtypesOf(manifest)).toEqual(['fp32', 'fp16']);
    expect(Object.keys(filesOf(manifest)).sort()).toEqual([
      'image',
      'image-data',
      'settle',
      'text',
      'text-data',
      'words',
    ]);
    const { image, ...rest } = filesOf(manifest, 'fp16');
    expect(image).toEqual(half);
    expect(Object.keys(rest).sort()).toEqual(['settle', 'text', 'text-data', 'words']);
  });

  it('one that a model lacks is refused with those it has', async () => {
    hub.write('drawings', (manifest) => {
      manifest.variants = { fp16: { image: half } };
    });
    const entry = await findModel('drawings');
    expect(await fault(modelFiles(entry, 'q8'))).toBe(
      '[models] drawings has no weights of that form: got q8, expected one of fp32, fp16. Change DTYPE in the config cell, or choose another model of `npm run models -- list`.',
    );
    expect(await fault(openEncoder('pictoclip', { dtype: 'fp16' }))).toContain('expected one of fp32. ');
  });

  it('is fetched and said apart from the others', async () => {
    const bytes = Buffer.from('half as much');
    hub.files.set('half.onnx', bytes);
    hub.write('drawings', (manifest) => {
      manifest.variants = { fp16: { image: { path: 'half.onnx', bytes: null, sha256: null } } };
    });
    await fetchFiles(await findModel('drawings'), { dtype: 'fp16' });
    expect(hub.asked()).toEqual(['half.onnx', ...ALL.slice(1)]);
    expect(hub.manifest('drawings')).toMatchObject({
      variants: { fp16: { image: { bytes: bytes.length, sha256: hashOf(bytes) } } },
      files: { image: { bytes: statSync(projectPath('models/pictoclip/image.onnx')).size } },
    });
  });
});

describe('hf:owner/name@revision', () => {
  const repository = `lookbook-test/tiny-${process.pid}`;
  const name = `hf:${repository}@main`;
  const commit = 'e'.repeat(40);
  const folder = projectPath(`models/lookbook-test--tiny-${process.pid}--main`);
  const golden = projectPath('test/fixtures/golden');
  let asked: string[] = [];
  beforeEach(() => {
    asked = [];
    const files = new Map(
      readdirSync(`${golden}/models/clip-split`, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.(json|onnx)$/.test(path) && path !== 'expected.json')
        .map((path) => [path, readFileSync(`${golden}/models/clip-split/${path}`)]),
    );
    files.set('README.md', Buffer.from('---\nlicense: mit\n---\n'));
    files.set('tokenizer.json', readFileSync(`${golden}/tokenizer/clip-bpe/tokenizer.json`));
    hub.instead.answer = (request, response) => {
      const url = decodeURIComponent(request.url ?? '');
      asked.push(url);
      if (url.startsWith(`/api/models/${repository}/revision/main`)) {
        const siblings = [...files].map(([path, bytes]) => ({ rfilename: path, size: bytes.length }));
        response.writeHead(200).end(JSON.stringify({ sha: commit, siblings }));
        return true;
      }
      const bytes = files.get(url.replace(`/${repository}/resolve/${commit}/`, ''));
      if (!bytes) return false;
      response.writeHead(200, { 'content-length': bytes.length, etag: `"${hashOf(bytes)}"` }).end(bytes);
      return true;
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is one line: made of what the repository says, pinned, pulled, kept, and then used without a network', async () => {
    vi.stubEnv('LOOKBOOK_SELF_CHECK', 'off'); // its weights are random
    const encoder = await openEncoder(name, { onDownload: () => undefined });
    const [vector] = await encoder.embedTexts!(['a cat']);
    await encoder.close();
    expect(asked.filter((url) => url.startsWith('/api/'))).toHaveLength(1);
    expect(asked.filter((url) => url.includes('/resolve/'))).not.toContainEqual(
      expect.stringContaining('/main/'),
    );
    expect(readdirSync(folder).sort()).toEqual(['onnx', 'tokenizer.json']);
    const { manifest } = await findModel(name);
    expect(manifest.hub).toEqual({ repository, revision: commit });
    for (const { sha256 } of Object.values(manifest.files)) expect(sha256).toMatch(/^[0-9a-f]{64}$/);

    vi.stubEnv('HF_HUB_OFFLINE', '1');
    const again = await openEncoder(name, {});
    expect(await again.embedTexts!(['a cat'])).toEqual([vector]);
    expect(again.name).toBe(name);
    await again.close();
  });

  it('must pass the self-check as any other: random weights are refused with the figure', async () => {
    expect(await fault(openEncoder(name, { onDownload: () => undefined }))).toMatch(
      new RegExp(`^\\[models\\] ${name} does not pass its self-check: got \\d+ of 20 right`),
    );
  });

  it('what is kept is checked again: a manifest that somebody broke is made anew', async () => {
    await findModel(name);
    const kept = derivedPath('hub-manifests', `lookbook-test--tiny-${process.pid}--main.json`);
    const sound = readFileSync(kept, 'utf8');
    writeFileSync(kept, sound.replace('"onnx/vision_model.onnx"', '"../../../.bashrc"'));
    expect((await findModel(name)).manifest.files.image.path).toBe('onnx/vision_model.onnx');
    expect(readFileSync(kept, 'utf8')).toBe(sound);
  });

  it('offline and never seen is refused clearly', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await fault(openEncoder(name, {}))).toMatch(
      /HF_HUB_OFFLINE forbids to fetch it.*lookbook-test\/tiny/,
    );
    expect(asked).toEqual([]);
  });
});

it('measured facts reach a manifest in whatever order its fields stand', async () => {
  hub.write('drawings', ({ files }) => {
    files.words = { sha256: null, bytes: null, path: 'words.txt' };
  });
  const { manifest, origin } = await findModel('drawings');
  const facts = [{ role: 'words', bytes: 12, sha256: 'a'.repeat(64) }];
  expect(await sayFacts(origin, manifest, { dtype: 'fp32', facts })).toEqual(['words']);
  expect(hub.manifest('drawings').files.words).toEqual({
    path: 'words.txt',
    bytes: 12,
    sha256: 'a'.repeat(64),
  });
  facts[0]!.bytes = 13;
  expect(await sayFacts(origin, manifest, { dtype: 'fp32', facts })).toEqual([]);
});

it('a manifest that is written anew says the same', async () => {
  for (const name of await modelNames()) {
    const path = projectPath(`models/${name}.json`);
    const written = formatManifest(await readManifest(path, name));
    expect(JSON.parse(written)).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  }
});
