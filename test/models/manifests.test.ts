import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { families } from '#lib/models/families.js';
import {
  type GraphManifest,
  type Manifest,
  type ManifestFile,
  readManifest,
  type TextTower,
} from '#lib/models/manifest.js';
import { projectPath } from '#lib/paths.js';
import { describeWithShared, shared } from '../shared-data.js';

const names = readdirSync(projectPath('models'))
  .filter((file) => file.endsWith('.json') && file !== 'manifest.schema.json')
  .map((file) => file.slice(0, -'.json'.length));

const manifests: Manifest[] = await Promise.all(
  names.map((name) => readManifest(projectPath(`models/${name}.json`), name)),
);

/** Every file of a manifest with its role, the other forms of the weights included. */
function filesOf({ files, variants }: Manifest): { role: string; dtype: string; file: ManifestFile }[] {
  const forms = Object.entries({ fp32: files, ...variants });
  return forms.flatMap(([dtype, roles]) =>
    Object.entries(roles).map(([role, file]) => ({ role, dtype, file })),
  );
}

function textOf(manifest: Manifest): TextTower | undefined {
  return 'text' in manifest ? manifest.text : undefined;
}

describe.each(manifests)('the manifest $name', (manifest) => {
  const { files } = manifest;
  const hasGraph = manifest.family !== 'windows';

  it('is a sound manifest of a family that exists, with a plain name and one line of title', async () => {
    expect(manifest.name).toMatch(/^[a-z0-9.]+(-[a-z0-9.]+)*$/);
    const rooms = await Promise.all((['encoders', 'segmenters', 'highlighters'] as const).map(families));
    expect(rooms.flat()).toContain(manifest.family);
    expect(manifest.title).toMatch(/^[^\n]{10,100}$/);
  });

  it('says where its files come from', () => {
    const { hub, export: made, source } = manifest;
    const ways = [hub, made, /converted|models\//.test(source) || undefined].filter(
      (way) => way !== undefined,
    );
    expect(ways).toHaveLength(1);
    expect(source).toContain(hub?.repository ?? made?.source ?? '');
  });

  // Without a graph there are no pixels to normalise.
  if (hasGraph) {
    it('normalises to numbers of about one, on a square of a size that models have', () => {
      const { mean, std, size } = (manifest as GraphManifest).preprocessing;
      expect(size).toBeGreaterThanOrEqual(96);
      expect(size).toBeLessThanOrEqual(1024);
      for (const [channel, value] of mean.entries()) {
        const [black, white] = [(0 - value) / std[channel]!, (1 - value) / std[channel]!];
        expect(black).toBeGreaterThan(-2.5);
        expect(black).toBeLessThanOrEqual(0);
        expect(white).toBeGreaterThan(0.9);
        expect(white).toBeLessThan(3);
      }
    });
  }

  it('names in its roles only files that it has', () => {
    const { text } = { text: textOf(manifest) };
    const used = [
      ...(hasGraph ? ['image'] : []),
      ...(text ? [text.file] : []),
      ...(text ? [text.tokenizer.file] : []),
      ...('settle' in manifest && manifest.settle ? [manifest.settle.file] : []),
      ...(manifest.family === 'label-words' ? [manifest.labels.file] : []),
      ...(manifest.family === 'everything' ? [manifest.prompts.file] : []),
    ];
    for (const role of used) expect(Object.keys(files)).toContain(role);
    // What nobody reads is external data of a graph: it lies beside the graph, under the name that the graph knows.
    for (const role of Object.keys(files).filter((name) => !used.includes(name))) {
      const graph = files[role.replace(/-data(-\d+)?$/, '')];
      expect(role).toMatch(/-data(-\d+)?$/);
      expect(files[role]!.path.startsWith(graph!.path)).toBe(true);
    }
  });

  it('gives other forms of the weights for graphs only, each in a file of its own', () => {
    for (const [dtype, variant] of Object.entries(manifest.variants ?? {})) {
      expect(Object.keys(variant).length, dtype).toBeGreaterThan(0);
      for (const [role, file] of Object.entries(variant)) {
        expect(Object.keys(files)).toContain(role);
        expect(file.path).toMatch(/\.onnx$/);
        expect(file.path).not.toBe(files[role]!.path);
      }
    }
  });

  it('takes a file of another repository at a commit, and knows its sha256', () => {
    for (const { role, file } of filesOf(manifest).filter(({ file }) => file.repository !== undefined)) {
      expect(file.revision, role).toMatch(/^[0-9a-f]{40}$/);
      expect(file.sha256, role).not.toBeNull();
    }
  });

  it('asks for consent where the licence does not allow every use', () => {
    const isRestricted = /-nc-|amlr|non-?commercial|research/i.test(manifest.licence);
    expect(manifest.terms !== undefined).toBe(isRestricted);
  });

  it('pads and ends texts with entries of its vocabulary', () => {
    const text = textOf(manifest);
    if (text?.tokenizer.kind !== 'huggingface') return;
    const { padId, endId, vocabulary, padTo } = text.tokenizer;
    expect(Math.max(padId, endId ?? 0)).toBeLessThan(vocabulary ?? 256_000);
    if (text.batch !== undefined) expect(padTo).toBe('context');
  });
});

describe('manifests together', () => {
  it('two that share a folder mean the same file by the same path', () => {
    const places = new Map<string, { name: string; file: ManifestFile }>();
    for (const manifest of manifests) {
      for (const { file } of filesOf(manifest)) {
        const place = `${manifest.folder ?? manifest.name}/${file.path}`;
        const other = places.get(place);
        if (other) expect(file, `${place} of ${manifest.name} and ${other.name}`).toEqual(other.file);
        else places.set(place, { name: manifest.name, file });
      }
    }
  });

  it('are exported by kinds that models/export knows', () => {
    const kinds =
      /KINDS = \{([^}]+)\}/.exec(readFileSync(projectPath('models/export/kinds.py'), 'utf8'))?.[1] ?? '';
    for (const { name, export: made } of manifests) if (made) expect(kinds, name).toContain(`'${made.kind}'`);
  });

  it('contain what photographs need: the suggested default, and encoders of each kind', () => {
    for (const name of [
      'openclip-b-32-256-datacomp',
      'clip-vit-b-32',
      'siglip2-b-16',
      'mobileclip-s0',
      'dinov2-small',
    ])
      expect(names).toContain(name);
  });
});

describe('the classes of ADE20K', () => {
  const ade = manifests.find(({ name }) => name === 'beit-base-ade');
  const labels = ade?.family === 'semantic' ? ade.labels : [];

  it('are 150 different ones in the order of the benchmark, from wall to flag', () => {
    expect(new Set(labels).size).toBe(150);
    const others = manifests.filter(({ name }) => name.endsWith('-ade') && name !== 'beit-base-ade');
    expect(others.length).toBeGreaterThan(2);
    for (const other of others) expect('labels' in other && other.labels, other.name).toEqual(labels);
    const known = {
      0: 'wall',
      1: 'building',
      12: 'person',
      20: 'car',
      43: 'signboard',
      66: 'flower',
      89: 'television receiver',
      104: 'fountain',
      127: 'bicycle',
      138: 'ashcan',
      149: 'flag',
    };
    for (const [id, name] of Object.entries(known)) expect(labels[Number(id)]).toBe(name);
  });

  describeWithShared('against a config of transformers', 'golden/models/beit-seg-tiny', () => {
    it('have its names', () => {
      const config = JSON.parse(readFileSync(`${shared}golden/models/beit-seg-tiny/config.json`, 'utf8'));
      const named = Object.entries<string>(config.id2label).filter(([, name]) => !name.startsWith('LABEL_'));
      // 138 has a made-up name there: the benchmark calls it ashcan, and 104 fountain.
      for (const [id, name] of named.filter(([id]) => id !== '138')) expect(labels[Number(id)]).toBe(name);
      expect(named.length).toBeGreaterThan(10);
    });
  });
});
