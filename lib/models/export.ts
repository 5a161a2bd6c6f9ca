/** Models that no hub has as ONNX: a Python environment of their own, made once, writes them (models/export). */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { LookbookError } from '../errors.js';
import { hashFile } from '../hub/facts.js';
import { derivedPath, projectPath } from '../paths.js';
import { takeLock } from '../process-lock.js';
import { writeWhole } from '../whole-file.js';

/** What to export: `kind` is one of models/export/kinds.py, `source` a hub repository (owner/name) or a folder. */
export interface ExportRecipe {
  name: string;
  kind: string;
  source: string;
  revision?: string;
  /** Folder that gets the files. */
  target: string;
}

/** A file that was written; path is below the target, shapes have a word for each free axis. */
export interface ExportedFile {
  path: string;
  bytes: number;
  sha256: string;
  inputs?: Record<string, (number | string)[]>;
  outputs?: Record<string, (number | string)[]>;
}

export interface Exported {
  /** By the role that they have in a manifest. */
  files: Record<string, ExportedFile>;
  /** The largest difference between ONNX and PyTorch, over all outputs. */
  maxAbs: number;
  /** Names of the classes, of segmentation models. */
  labels?: string[];
}

interface ExportOptions {
  say(line: string): void;
  signal?: AbortSignal;
}

/** One file as export.py tells it; `largest` is the largest value that PyTorch gave. */
interface ToldFile extends ExportedFile {
  max_abs?: number | null;
  largest?: number;
}

const KINDS = ['beit-semantic', 'image-encoder', 'image-features', 'clip'];
const SCRIPT = projectPath('models/export/export.py');
const REQUIREMENTS = projectPath('models/export/requirements.txt');
const OLDEST_PYTHON = [3, 11] as const;
const KILL_AFTER_MS = 5000;
const PROGRESS_MS = 5000;

/**
 * Writes a model's ONNX files into the target folder, where they appear only after ONNX and PyTorch were found equal
 * and the sizes and sha256 were checked. The first export makes the environment: minutes and, on Linux, about 6 GB.
 * @throws LookbookError when Python is missing, the model cannot be exported, or the two differ.
 */
export async function exportModel(recipe: ExportRecipe, options: ExportOptions): Promise<Exported> {
  const source = checkedSource(recipe);
  await mkdir(derivedPath('export-venv'), { recursive: true });
  const lock = await takeLock(derivedPath('export-venv', 'lock'));
  if (typeof lock === 'number') {
    throw new LookbookError('export', {
      what: 'another export is under way',
      got: `process ${lock}`,
      mend: 'Wait until it has ended and run this again: each one needs the memory for itself.',
    });
  }
  const part = `${recipe.target}.part`;
  try {
    const python = await exportPython(options);
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    const told = await runScript([python, SCRIPT, ...scriptArguments(recipe, source, part)], options);
    const exported = await checkedAnswer(told, recipe.name, part);
    for (const { path } of Object.values(exported.files)) {
      await mkdir(dirname(join(recipe.target, path)), { recursive: true });
      await rename(join(part, path), join(recipe.target, path));
    }
    return exported;
  } finally {
    await rm(part, { recursive: true, force: true });
    await lock.release();
  }
}

/** The source as Python takes it: a folder as an absolute path, a repository as it is. */
function checkedSource({ name, kind, source }: ExportRecipe): string {
  const isFolder = isAbsolute(source) || /^(\.{1,2}|~)(\/|$)/.test(source);
  const faults = [
    KINDS.includes(kind) ? '' : `kind ${kind}: none of ${KINDS.join(' | ')}`,
    isFolder && !existsSync(join(projectPath(source), 'config.json'))
      ? `source ${source}: no folder with a config.json`
      : '',
    isFolder || /^[\w.-]+\/[\w.-]+$/.test(source) ? '' : `source ${source}: neither owner/name nor a folder`,
  ].filter(Boolean);
  if (faults.length === 0) return isFolder ? projectPath(source) : source;
  throw new LookbookError('export', {
    what: `the recipe of ${name} cannot be followed`,
    got: faults.join('; '),
    expected: 'a known kind, and a hub repository or a folder that transformers can read',
    mend: 'Mend export in the manifest.',
  });
}

function scriptArguments({ kind, revision }: ExportRecipe, source: string, target: string): string[] {
  const picture = projectPath('images/kitchen/0013.jpg');
  return [
    `--kind=${kind}`,
    `--source=${source}`,
    `--target=${target}`,
    ...(revision ? [`--revision=${revision}`] : []),
    ...(existsSync(picture) ? [`--picture=${picture}`] : []),
  ];
}

/** LOOKBOOK_EXPORT_PYTHON, or the Python of the environment, which is made when its requirements are new. */
async function exportPython(options: ExportOptions): Promise<string> {
  if (process.env.LOOKBOOK_EXPORT_PYTHON) return process.env.LOOKBOOK_EXPORT_PYTHON;
  const key = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  const venv = derivedPath('export-venv', key);
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const whole = join(venv, 'whole'); // written last: without it the environment is half-made
  if (existsSync(whole)) return python;

  const base = basePython();
  for (const old of await readdir(derivedPath('export-venv'))) {
    if (old !== 'lock') await rm(derivedPath('export-venv', old), { recursive: true, force: true });
  }
  const size = process.platform === 'linux' ? 'about 6 GB, because PyTorch brings CUDA' : 'about 1 GB';
  options.say(`Making a Python environment for exports in ${venv} (${size}; some minutes, once) …`);
  await runPython([base, '-m', 'venv', '--clear', venv], options);
  await runPython([python, '-m', 'pip', 'install', '--no-cache-dir', '-r', REQUIREMENTS], options);
  await writeWhole(whole, '');
  return python;
}

/** A Python that is new enough and can make environments. */
function basePython(): string {
  const probe = 'import sys; print(*sys.version_info[:2]); import ensurepip, venv';
  const found: string[] = [];
  for (const name of ['python3', 'python']) {
    const asked = spawnSync(name, ['-c', probe], { encoding: 'utf8' });
    const [major = 0, minor = 0] = (asked.stdout ?? '').trim().split(' ').map(Number);
    if (!major) continue;
    const isNew = major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
    if (isNew && asked.status === 0) return name;
    found.push(`${name} ${major}.${minor}${asked.status === 0 ? '' : ' without ensurepip'}`);
  }
  throw new LookbookError('export', {
    what: 'an export needs Python, and this machine has none that serves',
    got: found.join(', ') || 'neither python3 nor python',
    expected: `Python ${OLDEST_PYTHON.join('.')} or newer that can make environments`,
    mend: 'Install it (Debian, Ubuntu: apt install python3-venv) and run this again, or name an environment with models/export/requirements.txt in it by LOOKBOOK_EXPORT_PYTHON.',
  });
}

/** Runs export.py and reads its last line. */
async function runScript(command: readonly string[], options: ExportOptions): Promise<unknown> {
  const lines = await runPython(command, options);
  try {
    return JSON.parse(lines.at(-1) ?? '');
  } catch (cause) {
    throw new LookbookError('export', {
      what: 'the export ended without its result',
      got: lines.at(-1) ?? 'no line at all',
      expected: 'one line of JSON',
      mend: `Run it by hand to see more: ${command.join(' ')}`,
      cause,
    });
  }
}

/** Runs a program without a shell, passes its lines on, gives them when it ends well. */
async function runPython(command: readonly string[], { say, signal }: ExportOptions): Promise<string[]> {
  signal?.throwIfAborted();
  const [program = '', ...args] = command;
  const env = {
    PYTHONDONTWRITEBYTECODE: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
  };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const stop = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  };
  signal?.addEventListener('abort', stop, { once: true });
  const lines = linesOf(child.stdout, (line) => {
    if (!line.startsWith('{')) say(line);
  });
  let saidAt = 0;
  const faults = linesOf(child.stderr, (line) => {
    // A download draws its bar there, many times a second.
    if (!/\d+%/.test(line) || Date.now() - saidAt < PROGRESS_MS) return;
    saidAt = Date.now();
    say(line);
  });
  try {
    const [code]: unknown[] = await once(child, 'close');
    signal?.throwIfAborted();
    if (code === 0) return lines;
    throw new Error(faults.at(-1) ?? lines.at(-1) ?? `it ended with ${String(code ?? 'a signal')}`);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new LookbookError('export', {
      what: 'Python could not do its part',
      got: cause instanceof Error ? cause.message : String(cause),
      mend: `See what it says (a network, a disk, the model's own files?); by hand: ${command.join(' ')}`,
      cause,
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Collects what a program writes, line by line; `hear` gets each at once. */
function linesOf(stream: Readable, hear: (line: string) => void): string[] {
  const lines: string[] = [];
  let rest = '';
  const take = (line: string): void => {
    if (!line.trim()) return;
    lines.push(line.trim());
    hear(line.trim());
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = (rest + text).split(/[\r\n]+/);
    rest = parts.pop() ?? '';
    parts.forEach(take);
  });
  stream.on('end', () => take(rest));
  return lines;
}

/** Compares what export.py says with the files that lie in the folder and with the tolerance; all faults at once. */
async function checkedAnswer(told: unknown, name: string, folder: string): Promise<Exported> {
  const answer = told as { files?: Record<string, ToldFile>; labels?: string[] } | null;
  const files = Object.entries(answer?.files ?? {});
  const faults = (await Promise.all(files.map(([role, file]) => faultsOf(role, file, folder)))).flat();
  const compared = files.flatMap(([, { max_abs }]) => max_abs ?? []);
  if (files.length === 0) faults.push('it tells of no file');
  if (faults.length > 0) {
    throw new LookbookError('export', {
      what: `the export of ${name} is refused`,
      got: faults.join('; '),
      expected: 'whole files that answer as PyTorch does',
      mend: 'Nothing was changed. Run it again; if it stays so, this model needs a form of its own in models/export/kinds.py.',
    });
  }
  return {
    files: Object.fromEntries(files.map(([role, { max_abs, largest, ...file }]) => [role, file])),
    maxAbs: Math.max(...compared),
    ...(answer?.labels ? { labels: answer.labels } : {}),
  };
}

async function faultsOf(role: string, file: ToldFile, folder: string): Promise<string[]> {
  const { path, bytes, sha256: hash, max_abs: difference, largest = 0 } = file;
  if (typeof path !== 'string' || isAbsolute(path) || normalize(path).startsWith('..'))
    return [`${role}: its path ${String(path)} leads out of the folder`];
  const size = await stat(join(folder, path)).then(
    (facts) => facts.size,
    () => undefined,
  );
  if (size === undefined) return [`${path} is missing`];
  const faults: string[] = [];
  if (size !== bytes) faults.push(`${path} has ${size} bytes, not ${bytes}`);
  else if ((await hashFile(join(folder, path))) !== hash)
    faults.push(`${path} has another sha256 than was said`);
  if (path.endsWith('.onnx') && typeof difference !== 'number')
    faults.push(`${path} was not compared with PyTorch`);
  else if (typeof difference === 'number' && !(difference <= allowedDifference(largest)))
    faults.push(
      `${path} differs from PyTorch by ${difference}, at most ${allowedDifference(largest)} is allowed`,
    );
  return faults;
}

/** As in models/export/onnx_file.py: 1e-4; of values above ten 1e-5 of the largest. */
function allowedDifference(largest: number): number {
  return 1e-4 * Math.max(1, largest / 10);
}
