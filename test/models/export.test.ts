import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LookbookError } from '#lib/errors.js';
import { type ExportRecipe, exportModel } from '#lib/models/export.js';
import { projectRoot } from '#lib/paths.js';

const content = 'weights';
const hash = createHash('sha256').update(content).digest('hex');
const good = {
  files: {
    image: {
      path: 'onnx/model.onnx',
      bytes: content.length,
      sha256: hash,
      inputs: { pixel_values: ['batch', 3, 640, 640] },
      max_abs: 2e-6,
      largest: 3,
    },
    tokenizer: { path: 'tokenizer.json', bytes: content.length, sha256: hash },
  },
  max_abs: 2e-6,
  labels: ['wall', 'sky'],
};

/**
 * A stand-in for Python, run by Node: it answers to the questions that a Python is asked, makes "environments" that hold
 * a copy of itself, notes how it was called, and for export.py writes files and prints what the test wants.
 */
const fakePython = (options: {
  answer?: unknown;
  version?: string;
  body?: string;
}): string => `#!${process.execPath}
const { appendFileSync, cpSync, mkdirSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const args = process.argv.slice(2);
appendFileSync(process.env.FAKE_PYTHON_CALLS, JSON.stringify(args) + '\\n');
if (args[0] === '-c') console.log(${JSON.stringify(options.version ?? '3 12')});
else if (args.includes('venv')) {
  mkdirSync(join(args.at(-1), 'bin'), { recursive: true });
  cpSync(__filename, join(args.at(-1), 'bin', 'python'));
} else if (args.includes('pip')) console.log('installed');
else {
  const target = args.find((word) => word.startsWith('--target=')).slice('--target='.length);
  for (const path of ['onnx/model.onnx', 'onnx/text_model.onnx', 'tokenizer.json']) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), ${JSON.stringify(content)});
  }
  console.log('writing onnx/model.onnx');
  ${options.body ?? ''}
  console.log(${JSON.stringify(JSON.stringify(options.answer ?? good))});
}
`;

let folder: string;
let recipe: ExportRecipe;
const said: string[] = [];
const say = (line: string): number => said.push(line);
const before = { ...process.env };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-export-'));
  said.length = 0;
  process.env.LOOKBOOK_DERIVED = join(folder, 'derived');
  process.env.FAKE_PYTHON_CALLS = join(folder, 'calls');
  delete process.env.LOOKBOOK_EXPORT_PYTHON;
  await writeFile(process.env.FAKE_PYTHON_CALLS, '');
  recipe = {
    name: 'beit',
    kind: 'beit-semantic',
    source: 'owner/beit',
    revision: 'abc',
    target: join(folder, 'models', 'beit'),
  };
});

afterEach(async () => {
  for (const name of ['LOOKBOOK_DERIVED', 'LOOKBOOK_EXPORT_PYTHON', 'PATH', 'FAKE_PYTHON_CALLS']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await rm(folder, { recursive: true, force: true });
});

/** Puts the stand-in where LOOKBOOK_EXPORT_PYTHON leads. */
async function usePython(options: Parameters<typeof fakePython>[0]): Promise<void> {
  process.env.LOOKBOOK_EXPORT_PYTHON = await writePython(join(folder, 'python'), options);
}

async function writePython(path: string, options: Parameters<typeof fakePython>[0]): Promise<string> {
  await writeFile(path, fakePython(options));
  await chmod(path, 0o755);
  return path;
}

async function calls(): Promise<string[][]> {
  const text = await readFile(process.env.FAKE_PYTHON_CALLS!, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function refusal(changed: Partial<ExportRecipe> = {}, signal?: AbortSignal): Promise<LookbookError> {
  const failed = await exportModel({ ...recipe, ...changed }, { say, ...(signal ? { signal } : {}) }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failed instanceof LookbookError) return failed;
  throw new Error(`expected a LookbookError, got ${String(failed)}`);
}

describe.skipIf(process.platform === 'win32')('exportModel', () => {
  it('hands the recipe to export.py word by word, and puts the files where they belong', async () => {
    await usePython({});
    const exported = await exportModel(recipe, { say });
    expect(exported).toEqual({
      files: {
        image: {
          path: 'onnx/model.onnx',
          bytes: content.length,
          sha256: hash,
          inputs: { pixel_values: ['batch', 3, 640, 640] },
        },
        tokenizer: { path: 'tokenizer.json', bytes: content.length, sha256: hash },
      },
      maxAbs: 2e-6,
      labels: ['wall', 'sky'],
    });
    expect(await readFile(join(recipe.target, 'onnx/model.onnx'), 'utf8')).toBe(content);
    expect(await readFile(join(recipe.target, 'tokenizer.json'), 'utf8')).toBe(content);
    expect(existsSync(`${recipe.target}.part`)).toBe(false);
    expect(await calls()).toEqual([
      [
        join(projectRoot, 'models/export/export.py'),
        '--kind=beit-semantic',
        '--source=owner/beit',
        `--target=${recipe.target}.part`,
        '--revision=abc',
        `--picture=${join(projectRoot, 'images/kitchen/0013.jpg')}`,
      ],
    ]);
    expect(said).toEqual(['writing onnx/model.onnx']);
  });

  it('refuses a file that differs from PyTorch, and keeps what the folder held', async () => {
    await usePython({});
    await exportModel(recipe, { say });
    const image = { ...good.files.image, max_abs: 2e-4 };
    await usePython({ answer: { ...good, files: { ...good.files, image } } });
    await writeFile(join(recipe.target, 'onnx/model.onnx'), 'the old one');
    expect((await refusal()).message).toMatch('differs from PyTorch by 0.0002, at most 0.0001 is allowed');
    expect(await readFile(join(recipe.target, 'onnx/model.onnx'), 'utf8')).toBe('the old one');
    expect(existsSync(`${recipe.target}.part`)).toBe(false);
  });

  it('allows values above ten a hundred-thousandth of the largest, and refuses NaN', async () => {
    const answer = (difference: number | null, largest: number): unknown => ({
      files: {
        image: { ...good.files.image, max_abs: difference, largest },
        text: { ...good.files.image, path: 'onnx/text_model.onnx', max_abs: 1e-6, largest: 1 },
      },
    });
    await usePython({ answer: answer(2e-4, 25) });
    expect((await exportModel(recipe, { say })).maxAbs).toBe(2e-4);
    await usePython({ answer: answer(2e-4, 15) });
    expect((await refusal()).message).toMatch('differs from PyTorch');
    await usePython({ answer: answer(null, 1) }); // what becomes of NaN in JSON
    expect((await refusal()).message).toMatch('onnx/model.onnx was not compared with PyTorch');
  });

  it('tells every fault of the files at once', async () => {
    const files = {
      image: { ...good.files.image, bytes: 8 },
      text: { ...good.files.tokenizer, sha256: 'f'.repeat(64) },
      gone: { ...good.files.tokenizer, path: 'gone.json' },
      outside: { ...good.files.tokenizer, path: '../outside.json' },
    };
    await usePython({ answer: { files } });
    const { got } = (await refusal()).facts;
    expect(got).toMatchInlineSnapshot(
      `"onnx/model.onnx has 7 bytes, not 8; tokenizer.json has another sha256 than was said; gone.json is missing; outside: its path ../outside.json leads out of the folder"`,
    );
    expect(existsSync(join(recipe.target, 'onnx'))).toBe(false);
  });

  it('tells the last line that Python wrote when it fails', async () => {
    await usePython({
      body: "console.error('first'); console.error('beit lacks weights'); process.exit(1);",
    });
    expect((await refusal()).facts.got).toBe('beit lacks weights');
    await usePython({ body: "console.log('not JSON'); process.exit(0);" });
    expect((await refusal()).facts.got).toBe('not JSON');
  });

  it('ends Python when it is interrupted, and leaves nothing behind', async () => {
    await usePython({ body: 'setInterval(() => {}, 1000); return;' });
    const interruption = new AbortController();
    const exporting = exportModel(recipe, { say: () => interruption.abort(), signal: interruption.signal });
    await expect(exporting).rejects.toThrow('aborted');
    expect(await readdir(join(folder, 'models'))).toEqual([]);
  });

  it('refuses a recipe that cannot be followed before any Python runs', async () => {
    await usePython({});
    const { facts } = await refusal({ kind: 'magic', source: './no-such-folder' });
    expect(facts.got).toBe(
      'kind magic: none of beit-semantic | image-encoder | image-features | clip; source ./no-such-folder: no folder with a config.json',
    );
    expect((await refusal({ source: '--help' })).facts.got).toMatch('neither owner/name nor a folder');
    expect(await calls()).toEqual([]);
  });

  it('one export at a time', async () => {
    await usePython({ body: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);' });
    const first = exportModel(recipe, { say });
    await expect.poll(() => said.length).toBe(1);
    expect((await refusal({ target: join(folder, 'other') })).message).toMatch('another export is under way');
    await first;
  });
});

describe.skipIf(process.platform === 'win32')('the environment of exports', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'bin'));
    process.env.PATH = join(folder, 'bin');
  });

  it('is made once, and again when its making was cut', async () => {
    await writePython(join(folder, 'bin', 'python3'), {});
    await exportModel(recipe, { say });
    await exportModel(recipe, { say });
    const made = (await calls()).map((args) => args.find((word) => /^(venv|pip|-c)$/.test(word)) ?? 'export');
    expect(made).toEqual(['-c', 'venv', 'pip', 'export', 'export']);
    const [environment] = (await readdir(join(folder, 'derived', 'export-venv'))).filter(
      (name) => name !== 'lock',
    );
    expect(said.filter((line) => line.startsWith('Making'))).toHaveLength(1);
    // Written last: without it pip may have stopped anywhere.
    await rm(join(folder, 'derived', 'export-venv', environment!, 'whole'));
    await exportModel(recipe, { say });
    expect(said.filter((line) => line.startsWith('Making'))).toHaveLength(2);
  });

  it('without Python says what to install', async () => {
    expect((await refusal()).message).toMatchInlineSnapshot(
      `"[export] an export needs Python, and this machine has none that serves: got neither python3 nor python, expected Python 3.11 or newer that can make environments. Install it (Debian, Ubuntu: apt install python3-venv) and run this again, or name an environment with models/export/requirements.txt in it by LOOKBOOK_EXPORT_PYTHON."`,
    );
  });

  it('an old Python does not serve', async () => {
    await writePython(join(folder, 'bin', 'python3'), { version: '3 9' });
    expect((await refusal()).facts.got).toBe('python3 3.9');
  });
});

/** The Python of an environment that has models/export/requirements.txt in it: it takes minutes to make. */
const realPython = before.LOOKBOOK_EXPORT_PYTHON;
if (!realPython)
  console.warn(
    'SKIPPED “export.py itself”: LOOKBOOK_EXPORT_PYTHON names no Python with models/export/requirements.txt installed',
  );

describe.skipIf(!realPython)('export.py itself', () => {
  it('says in one line why a folder cannot be exported', async () => {
    process.env.LOOKBOOK_EXPORT_PYTHON = realPython;
    const source = join(folder, 'bert');
    await mkdir(source);
    await writeFile(join(source, 'config.json'), JSON.stringify({ model_type: 'no-such-type' }));
    expect((await refusal({ kind: 'image-encoder', source })).facts.got).toMatch('no-such-type');
  }, 120_000);
});
