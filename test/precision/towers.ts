/** Picture encoders for trials: a tower's graph and its manifest in a folder of LOOKBOOK_MODELS. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { backgroundPrompts } from '#lib/searching/background-prompts.js';
import type { Pixels, Preprocessing } from '#lib/types.js';
import {
  DIMENSION,
  draws,
  SIDE,
  type TowerOptions,
  writeTextTower,
  writeTower,
} from '../quantising/tiny-towers.js';

const PREPROCESSING: Preprocessing = {
  resize: 'squash',
  size: SIDE,
  interpolation: 'bilinear',
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};

const MANIFEST = {
  title: 'A tower of a test',
  licence: 'Apache-2.0',
  source: 'test/quantising/tiny-towers.ts',
  preprocessing: PREPROCESSING,
  input: 'pixel_values',
  output: 'embedding',
  dimension: DIMENSION,
};

/** Folders of models and derived files for the tests of one file, as on a machine that has never run. */
export function ownMachine(): { models: string; derived: string } {
  const before = { models: process.env.LOOKBOOK_MODELS, derived: process.env.LOOKBOOK_DERIVED };
  const root = mkdtempSync(join(tmpdir(), 'lookbook-machine-'));
  const folders = { models: join(root, 'models'), derived: join(root, 'derived') };
  beforeAll(() => {
    process.env.LOOKBOOK_MODELS = folders.models;
    process.env.LOOKBOOK_DERIVED = folders.derived;
  });
  afterAll(() => {
    if (before.models === undefined) delete process.env.LOOKBOOK_MODELS;
    else process.env.LOOKBOOK_MODELS = before.models;
    process.env.LOOKBOOK_DERIVED = before.derived;
    rmSync(root, { recursive: true });
  });
  return folders;
}

/** @returns the path of the graph. */
export async function installTower(models: string, name: string, options: TowerOptions): Promise<string> {
  const folder = join(models, name);
  mkdirSync(folder, { recursive: true });
  const path = await writeTower(folder, options);
  const files = { image: { path: basename(path), bytes: null, sha256: null } };
  const manifest = { ...MANIFEST, family: 'image-encoder', files };
  writeFileSync(join(models, `${name}.json`), JSON.stringify(manifest));
  return path;
}

/** The same beside a text tower that knows every word of the background by its number. */
export async function installDual(models: string, name: string): Promise<void> {
  const folder = join(models, name);
  mkdirSync(folder, { recursive: true });
  const words = [
    ...new Set(['a', ...backgroundPrompts].flatMap((text) => text.match(/\w+|[^\w\s]+/g) ?? [])),
  ];
  const vocab = Object.fromEntries(['padding', 'unknown', ...words].map((word, id) => [word, id]));
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    decoder: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    model: { type: 'WordLevel', vocab, unk_token: 'unknown' },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  const file = (path: string): object => ({ path: basename(path), bytes: null, sha256: null });
  const manifest = {
    ...MANIFEST,
    family: 'dual-encoder',
    files: {
      image: file(await writeTower(folder, { layers: 6 })),
      text: file(await writeTextTower(folder, words.length + 2)),
      tokenizer: file('tokenizer.json'),
    },
    text: {
      file: 'text',
      inputs: { ids: 'input_ids' },
      idType: 'int64',
      output: 'embedding',
      tokenizer: {
        kind: 'huggingface',
        file: 'tokenizer',
        contextLength: 16,
        padTo: 'longest',
        padId: 0,
        endId: null,
      },
    },
  };
  writeFileSync(join(models, `${name}.json`), JSON.stringify(manifest));
}

/** Soft patches of colour, no two alike. */
export function colourfulPictures(count: number): Pixels[] {
  const draw = draws(5);
  return Array.from({ length: count }, () => {
    const corners = draw(12, 50);
    const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % SIDE, Math.floor(at / 3 / SIDE)];
      const [right, down] = [x / (SIDE - 1), y / (SIDE - 1)];
      const corner = (n: number): number => corners[3 * n + (at % 3)]!;
      const above = (1 - right) * corner(0) + right * corner(1);
      const below = (1 - right) * corner(2) + right * corner(3);
      return Math.max(0, Math.min(255, 128 + (1 - down) * above + down * below));
    });
    return { data, width: SIDE, height: SIDE };
  });
}
