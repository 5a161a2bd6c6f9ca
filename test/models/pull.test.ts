import {
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEncoder } from '#lib/models/families.js';
import { fetchFiles } from '#lib/models/fetch-files.js';
import { pullModel } from '#lib/models/pull.js';
import { findModel, modelFiles, verifyModel } from '#lib/models/registry.js';
import { derivedPath, projectPath } from '#lib/paths.js';
import { hashOf } from '../hub/hub-server.js';
import { ALL, type DrawingsHub, fault, layInCache, openDrawingsHub } from './drawings-hub.js';

/** A file of the embedded model, which the hub of these tests serves. */
const own = (file: string): Buffer => readFileSync(projectPath(`models/pictoclip/${file}`));

let hub: DrawingsHub;
beforeEach(async () => {
  hub = await openDrawingsHub();
});
afterEach(() => hub.close());

describe('a pull', () => {
  it('fetches each file once, says how far it is, and proves the model with ten drawings', async () => {
    hub.write('drawings');
    const lines: string[] = [];
    const { fetched, check } = await pullModel('drawings', { onLine: (line) => lines.push(line) });
    expect(fetched.map(({ path }) => path).sort()).toEqual(
      ALL.map((path) => join(hub.root, 'drawings', path)),
    );
    expect(hub.asked()).toEqual(ALL);
    expect(check).toMatchObject({ passed: true, right: 20, of: 20, least: 18 });
    expect(lines).toContainEqual(
      expect.stringMatching(/^drawings · image\.onnx · (.+) of \1 \(100 %\) · done$/),
    );
    expect(lines.at(-1)).toMatch(
      /^drawings: 20 of 20 right \(at least 18\), margin 0\.\d+: ten drawings find/,
    );
    expect(hub.holds('drawings')).toEqual(ALL);
    expect(await verifyModel('drawings')).toEqual([]);
    expect((await pullModel('drawings')).fetched).toEqual([]);
    expect(hub.asked()).toEqual([]);
  });

  it('tells of a slow file at most once a second, with its rate and the time that is left', async () => {
    hub.write('drawings');
    const words = hub.files.get('words.txt')!;
    hub.instead.answer = (request, response) => {
      if (!request.url?.endsWith('/words.txt')) return false;
      response.writeHead(200, { etag: '"slow"', 'content-length': words.length });
      const tell = (from: number): void => {
        response.write(words.subarray(from, from + 30_000));
        if (from + 30_000 < words.length) setTimeout(tell, 150, from + 30_000);
        else response.end();
      };
      tell(0);
      return true;
    };
    const lines: string[] = [];
    const started = performance.now();
    await fetchFiles(await findModel('drawings'), { onLine: (line) => lines.push(line) });
    const seconds = Math.ceil((performance.now() - started) / 1000);
    const told = lines.filter((line) => line.includes('words.txt ·'));
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.length).toBeLessThanOrEqual(seconds + 2);
    expect(told[1]).toMatch(
      /^drawings · words\.txt · \d+ kB of \d+ kB \(\d+ %\) · \d+ kB\/s · (a few seconds|less than a second) left$/,
    );
  });

  it('a file that is swapped later for another of the same size is refused before it is opened', async () => {
    hub.write('drawings');
    await pullModel('drawings');
    const path = join(hub.root, 'drawings', 'words.txt');
    const bytes = readFileSync(path);
    bytes.write('x', 7);
    writeFileSync(path, bytes);
    expect(await fault(openEncoder('drawings', {}))).toMatch(
      new RegExp(
        `files of drawings are not those of the manifest: got ${path} with sha256 ${hashOf(bytes)}, not`,
      ),
    );
  });

  it('fetches only what is missing', async () => {
    hub.write('drawings');
    await pullModel('drawings');
    hub.asked();
    truncateSync(join(hub.root, 'drawings', 'words.txt'), 10);
    expect(await fault(pullModel('drawings'))).toMatch(
      new RegExp(
        `^\\[models\\] files of drawings are not those of the manifest: got .*words\\.txt of 10 bytes, not ${own('words.txt').length}`,
      ),
    );
    expect(hub.asked()).toEqual([]);
    hub.write('drawings', ({ files }) => {
      files.words!.path = 'more/words.txt';
      files.words!.hubPath = 'words.txt';
    });
    await pullModel('drawings');
    expect(hub.asked()).toEqual(['words.txt']);
    expect(hub.holds('drawings')).toContain('more/words.txt');
  });

  it('refuses a tampered file by its sha256, and does not leave it', async () => {
    hub.write('drawings');
    const changed = Buffer.from(hub.files.get('settle.onnx')!);
    changed[1000]! ^= 1;
    hub.files.set('settle.onnx', changed);
    const message = await fault(pullModel('drawings'));
    expect(message).toContain('settle.onnx is not the expected file');
    expect(message).toContain(`sha256 ${hashOf(own('settle.onnx'))}`);
    expect(hub.holds('drawings')).not.toContain('settle.onnx');
  });

  it('writes sizes and sha256 that were not known into the manifest, and nothing else', async () => {
    hub.write('drawings', ({ files }) => {
      Object.assign(files.image!, { bytes: null, sha256: null });
      files.words!.sha256 = null;
    });
    const before = hub.manifest('drawings');
    const lines: string[] = [];
    await pullModel('drawings', { onLine: (line) => lines.push(line) });
    const [image, words] = [hub.files.get('image.onnx')!, hub.files.get('words.txt')!];
    Object.assign(before.files.image!, { bytes: image.length, sha256: hashOf(image) });
    before.files.words!.sha256 = hashOf(words);
    expect(readFileSync(join(hub.root, 'drawings.json'), 'utf8')).toBe(JSON.stringify(before, null, 2));
    expect(lines.join('\n')).toContain(
      `drawings.json now knows: image ${image.length} bytes, sha256 ${hashOf(image)}; words ${words.length} bytes`,
    );
    expect(await verifyModel('drawings')).toEqual([]);
  });

  it('refuses a model that is wired wrongly, with the figure and where to look, until its manifest is mended', async () => {
    hub.write('drawings', ({ preprocessing }) => {
      preprocessing.mean = [0.48145466, 0.4578275, 0.40821073];
      preprocessing.std = [0.26862954, 0.26130258, 0.27577711];
    });
    const message = await fault(pullModel('drawings'));
    expect(message).toMatch(/^\[models\] drawings does not pass its self-check: got \d+ of 20 right/);
    expect(message).toContain('with mean 0, std 1 the right answers lie');
    expect(message).toContain('Its files are whole, so look in its manifest at resize, size');
    expect(hub.holds('drawings')).toEqual(ALL);
    expect(await fault(openEncoder('drawings', {}))).toContain('drawings does not pass its self-check');
    hub.asked();
    hub.write('drawings');
    await (await openEncoder('drawings', {})).close();
    expect(hub.asked()).toEqual([]);
  });

  it('is checked once for a fingerprint: what is kept of it counts at the next opening', async () => {
    hub.write('drawings');
    await pullModel('drawings');
    const kept = derivedPath('self-checks.json');
    const [[fingerprint, result]] = Object.entries<object>(JSON.parse(readFileSync(kept, 'utf8'))) as [
      [string, object],
    ];
    const encoder = await openEncoder('drawings', {});
    expect(encoder.fingerprint).toBe(fingerprint);
    await encoder.close();
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({ [fingerprint]: result });
    writeFileSync(kept, JSON.stringify({ [fingerprint]: { ...result, passed: false, right: 3 } }));
    expect(await fault(openEncoder('drawings', {}))).toContain('got 3 of 20 right');
    writeFileSync(kept, '{ torn');
    await (await openEncoder('drawings', {})).close();
    expect(JSON.parse(readFileSync(kept, 'utf8'))[fingerprint]).toMatchObject({ passed: true, right: 20 });
  });

  it('leaves the self-check out where it is switched off, and says so', async () => {
    hub.write('drawings', ({ preprocessing }) => {
      preprocessing.std = [0.004, 0.004, 0.004];
    });
    vi.stubEnv('LOOKBOOK_SELF_CHECK', 'off');
    const lines: string[] = [];
    const { check } = await pullModel('drawings', { onLine: (line) => lines.push(line) });
    expect(check).toBeUndefined();
    expect(lines.at(-1)).toBe('drawings: the self-check was left out, because LOOKBOOK_SELF_CHECK is off.');
    await (await openEncoder('drawings', {})).close();
  });

  it('is refused before the first byte where there is no room for the whole', async () => {
    hub.write('drawings', ({ files }) => {
      files.image!.bytes = 8e15;
    });
    expect(await fault(pullModel('drawings'))).toMatch(
      /^\[disk\] there is no room for the weights of drawings: got [\d.]+ [MG]B free at .*, expected 8\.0 PB\. /,
    );
    expect(hub.asked()).toEqual([]);
  });

  it('stops when its signal fires, and the next one goes on from there', async () => {
    hub.write('drawings');
    const stop = new AbortController();
    const text = hub.files.get('text.onnx')!;
    hub.instead.answer = (request, response) => {
      if (!request.url?.endsWith('/text.onnx') || request.headers.range) return false;
      response.writeHead(200, { etag: `"${hashOf(text)}"`, 'content-length': text.length });
      response.write(text.subarray(0, 2_000_000));
      return true;
    };
    const part = join(hub.root, 'drawings', 'text.onnx.part');
    const pulled = fault(pullModel('drawings', { signal: stop.signal }));
    await vi.waitFor(() => expect(lstatSync(part).size).toBe(2_000_000), { timeout: 20_000 });
    stop.abort();
    expect(await pulled).toContain('abort');
    await pullModel('drawings');
    expect(hub.server.seen.filter(({ url }) => url.endsWith('/text.onnx')).map(({ range }) => range)).toEqual(
      [undefined, 'bytes=2000000-'],
    );
    expect(hub.holds('drawings')).toEqual(ALL);
  });
});

describe('a licence that does not allow every use', () => {
  const terms = 'The drawings may hang at home only.';
  beforeEach(() =>
    hub.write('drawings', (manifest) => Object.assign(manifest, { licence: 'home-only', terms })),
  );

  it('is asked for before anything is fetched, with the reason and the way to accept it', async () => {
    expect(await fault(pullModel('drawings'))).toMatchInlineSnapshot(
      `"[models] the licence of drawings does not allow every use: got home-only: The drawings may hang at home only, expected that it is accepted once. If your use is allowed, run this again with LOOKBOOK_ACCEPT_LICENSE=drawings."`,
    );
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', 'other, drawing');
    expect(await fault(openEncoder('drawings', {}))).toContain('does not allow every use');
    expect(hub.asked()).toEqual([]);
  });

  it('is accepted once, by name or by all, and kept with its terms and date', async () => {
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', 'other, drawings');
    await fetchFiles(await findModel('drawings'));
    const kept = JSON.parse(readFileSync(derivedPath('licences.json'), 'utf8'));
    expect(kept).toEqual({
      drawings: { licence: 'home-only', terms, accepted: expect.stringMatching(/^20\d\d-/) },
    });
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', '');
    hub.write('drawings', (manifest) =>
      Object.assign(manifest, { licence: 'home-only', terms, folder: 'again' }),
    );
    expect(await fetchFiles(await findModel('drawings'))).toHaveLength(4);
    hub.write('others', (manifest) => Object.assign(manifest, { licence: 'home-only', terms }));
    expect(await fault(fetchFiles(await findModel('others')))).toContain('the licence of others');
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', 'all');
    expect(await fetchFiles(await findModel('others'))).toHaveLength(4);
  });

  it('is asked for again when its terms change', async () => {
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', 'drawings');
    await fetchFiles(await findModel('drawings'));
    vi.stubEnv('LOOKBOOK_ACCEPT_LICENSE', '');
    hub.write('drawings', (manifest) =>
      Object.assign(manifest, { licence: 'home-only', terms: 'Not at home either.', folder: 'again' }),
    );
    expect(await fault(fetchFiles(await findModel('drawings')))).toContain('its new terms are accepted once');
  });
});

describe('pull on first use', () => {
  it('openEncoder fetches, tells its listener, and the next one asks nobody', async () => {
    hub.write('drawings');
    const lines: string[] = [];
    const encoder = await openEncoder('drawings', { onDownload: (line) => lines.push(line) });
    const [vector] = await encoder.embedTexts!(['a cat']);
    await encoder.close();
    const embedded = await openEncoder('pictoclip', {});
    expect([vector]).toEqual(await embedded.embedTexts!(['a cat']));
    await embedded.close();
    expect(lines[0]).toBe(
      `drawings: fetching image.onnx, text.onnx, settle.onnx, words.txt into ${join(hub.root, 'drawings')}`,
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^drawings · words\.txt · (.+) of \1 \(100 %\) · done$/),
    );
    expect(hub.asked()).toEqual(ALL);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await (await openEncoder('drawings', {})).close();
    expect(hub.asked()).toEqual([]);
  });

  it('without a listener the console gets a line now and then', async () => {
    hub.write('drawings');
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await (await openEncoder('drawings', {})).close();
    expect(said.mock.calls.flat()[0]).toMatch(/^drawings: fetching image\.onnx, text\.onnx/);
    expect(said.mock.calls.length).toBeLessThan(4);
    said.mockRestore();
  });

  it('two at once fetch each file once', async () => {
    hub.write('drawings');
    const open = (): Promise<{ close(): Promise<void> }> =>
      openEncoder('drawings', { onDownload: () => undefined });
    const encoders = await Promise.all([open(), open()]);
    expect(hub.asked()).toEqual(ALL);
    await Promise.all(encoders.map((encoder) => encoder.close()));
  });

  it('offline everything that is missing is named, with the command that fetches it', async () => {
    hub.write('drawings');
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await fault(openEncoder('drawings', { onDownload: () => undefined }))).toMatchInlineSnapshot(
      `"[models] the weights of drawings are not on this machine, and HF_HUB_OFFLINE forbids to fetch them: got no image.onnx, no text.onnx, no settle.onnx, no words.txt, expected what hub lookbook-test/drawings has. Unset HF_HUB_OFFLINE and run \`npm run models -- pull drawings\` once."`,
    );
    expect(hub.asked()).toEqual([]);
  });

  it('what no hub has is not looked for there: the message names the export', async () => {
    hub.write('drawings', (manifest) => {
      delete manifest.hub;
      manifest.export = { kind: 'clip', source: 'lookbook-test/drawings' };
    });
    expect(await fault(openEncoder('drawings', {}))).toContain(
      '`npm run models -- export drawings` makes them.',
    );
    expect(hub.asked()).toEqual([]);
  });
});

describe('an existing Hugging Face cache', () => {
  const lay = (path: string): string => layInCache(path, hub.files.get(path)!, symlinkSync);

  it('is used in place, also offline', async () => {
    hub.write('drawings');
    const places = ALL.map(lay);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(Object.values(await modelFiles(await findModel('drawings'))).sort()).toEqual(places);
    await (await openEncoder('drawings', {})).close();
    expect(existsSync(join(hub.root, 'drawings'))).toBe(false);
  });

  it('gives a graph with external data as files of the model’s own folder, without links that lead out of it', async () => {
    const data = Buffer.from('weights of a large graph');
    hub.files.set('image.onnx_data', data);
    hub.write('drawings', ({ files }) => {
      files['image-data'] = { path: 'image.onnx_data', bytes: data.length, sha256: hashOf(data) };
    });
    const cached = [...ALL, 'image.onnx_data'].map(lay);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await fetchFiles(await findModel('drawings'));
    const files = await modelFiles(await findModel('drawings'));
    for (const role of ['image', 'image-data']) {
      expect(files[role]).toContain(join(hub.root, 'drawings'));
      expect(lstatSync(files[role]!).isFile()).toBe(true);
      expect(lstatSync(files[role]!).nlink).toBe(2); // no second copy on the disk
    }
    expect(readFileSync(files['image-data']!)).toEqual(data);
    expect(cached).toContain(files.text);
    expect(hub.asked()).toEqual([]);
  });

  it('where links cannot be made, or the cache is spoilt, the file is copied or fetched', async () => {
    const data = Buffer.from('weights of a large graph');
    hub.files.set('image.onnx_data', data);
    hub.write('drawings', ({ files }) => {
      files['image-data'] = { path: 'image.onnx_data', bytes: data.length, sha256: hashOf(data) };
    });
    const snapshot = layInCache('image.onnx_data', data, linkSync);
    writeFileSync(snapshot, 'other bytes of that length'.slice(0, data.length));
    await fetchFiles(await findModel('drawings'));
    expect(readFileSync(join(hub.root, 'drawings', 'image.onnx_data'))).toEqual(data);
    expect(hub.asked()).toContain('image.onnx_data');
  });
});

it('the drawings of the self-check are small, ten, and each has its caption', () => {
  const folder = projectPath('models/self-check');
  const captions: Record<string, string> = JSON.parse(readFileSync(`${folder}/captions.json`, 'utf8'));
  expect(Object.keys(captions)).toHaveLength(10);
  expect(new Set(Object.values(captions)).size).toBe(10);
  for (const file of Object.keys(captions)) expect(lstatSync(`${folder}/${file}`).size).toBeLessThan(12_000);
});
