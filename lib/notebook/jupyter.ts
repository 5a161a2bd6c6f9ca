import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { LookbookError } from '../errors.js';
import { derivedPath, projectRoot } from '../paths.js';

/** How JupyterLab is called here, and where it was found. */
export interface JupyterCommand {
  command: string;
  args: string[];
  version: string;
  found: 'installed' | 'checkout';
}

const requirement = 'jupyterlab>=4.3,<5';
const venv = derivedPath('venv');
const venvBin = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');

/** The variables that keep all that Jupyter writes inside the checkout, and its kernels those of the checkout. */
export function jupyterEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const home = derivedPath('jupyter');
  return {
    ...environment,
    // The kernel is started as `node`: the one that runs this.
    PATH: [dirname(process.execPath), environment.PATH ?? ''].join(delimiter),
    JUPYTER_PATH: [home, environment.JUPYTER_PATH].filter(Boolean).join(delimiter),
    JUPYTER_DATA_DIR: home,
    JUPYTER_CONFIG_DIR: join(home, 'config'),
    JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(home, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(home, 'workspaces'),
    IPYTHONDIR: join(home, 'ipython'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/**
 * Writes the kernel of this checkout and Jupyter's defaults, which flags of the command line go before; Lab's
 * settings, once written, are the person's own.
 */
export async function prepareJupyter(): Promise<void> {
  const config = {
    // The whole checkout, so that a cell may show ../images/…
    ServerApp: { root_dir: projectRoot, allow_root: process.getuid?.() === 0 },
    LabApp: { default_url: '/lab/tree/notebooks/01-index.ipynb' },
    // The pages of maps lie in .lookbook/maps, and a notebook's output leads there.
    ContentsManager: { allow_hidden: true },
  };
  await mkdir(derivedPath('jupyter', 'config'), { recursive: true });
  await writeFile(
    derivedPath('jupyter', 'config', 'jupyter_server_config.json'),
    JSON.stringify(config, null, 2),
  );
  const spec = derivedPath('jupyter', 'kernels', 'tslab');
  await mkdir(spec, { recursive: true });
  const up = relative(spec, projectRoot).split('\\').join('/');
  const kernel = {
    argv: [
      'node',
      `{resource_dir}/${up}/node_modules/tslab/bin/tslab`,
      'kernel',
      '--config-path',
      '{connection_file}',
    ],
    display_name: 'TypeScript (lookbook)',
    language: 'typescript',
  };
  await writeFile(join(spec, 'kernel.json'), `${JSON.stringify(kernel, null, 2)}\n`);

  const settings = derivedPath('jupyter', 'settings', '@jupyterlab', 'apputils-extension');
  const news = join(settings, 'notification.jupyterlab-settings');
  if (existsSync(news)) return;
  await mkdir(settings, { recursive: true });
  await writeFile(news, '{ "fetchNews": "false", "checkForUpdates": false }\n');
}

/** A JupyterLab 4 that is there already: on the PATH, or made in this checkout by an earlier run. */
export function findJupyter(): JupyterCommand | undefined {
  const candidates = [
    { command: 'jupyter', args: ['lab'], found: 'installed' },
    { command: 'jupyter-lab', args: [], found: 'installed' },
    { command: join(venvBin, 'jupyter-lab'), args: [], found: 'checkout' },
  ] as const;
  for (const { command, args, found } of candidates) {
    const asked = spawnSync(command, [...args, '--version'], { encoding: 'utf8', env: jupyterEnvironment() });
    const version = /^\d+\.\S+/m.exec(asked.stdout ?? '')?.[0];
    if (asked.status === 0 && version && Number.parseInt(version, 10) >= 4) {
      return { command, args: [...args], version, found };
    }
  }
  return undefined;
}

/**
 * Installs JupyterLab into the checkout (about 240 MB), with uv where it is there, else with Python's own tools.
 * @throws LookbookError that says what this machine lacks.
 */
export async function makeJupyter(say: (line: string) => void): Promise<JupyterCommand> {
  const state = pythonState();
  if (state === 'uv') {
    say('Making JupyterLab in .lookbook/venv with uv …');
    await must('uv', ['venv', '--quiet', '--clear', venv]);
    await must('uv', ['pip', 'install', '--quiet', '--python', venv, requirement]);
  } else if (state === 'none') {
    throw new LookbookError('lab', {
      what: 'JupyterLab needs Python, and there is none on this machine',
      mend: 'Install Python 3 (Debian, Ubuntu: apt install python3-venv) or uv and run this again; npm start needs neither.',
    });
  } else if (state === 'no venv') {
    throw new LookbookError('lab', {
      what: 'Python is here but cannot make environments',
      got: 'a Python without ensurepip',
      mend: 'Run apt install python3-venv (Debian, Ubuntu), or install uv, and run this again.',
    });
  } else {
    say('Making JupyterLab in .lookbook/venv (about 240 MB, once) …');
    await must(state, ['-m', 'venv', '--clear', venv]);
    await must(join(venvBin, 'python'), ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', requirement]);
  }
  // Lab runs a yarn.js of its own, a CommonJS file that this project's "type": "module" would turn into nonsense.
  await writeFile(join(venv, 'package.json'), '{ "type": "commonjs" }\n');
  const made = findJupyter();
  if (made) return made;
  throw new LookbookError('lab', {
    what: 'JupyterLab was installed but does not start',
    got: join(venvBin, 'jupyter-lab'),
    mend: 'Delete .lookbook/venv and run this again.',
  });
}

/** What can make an environment here: uv, or a Python that has all of itself. */
export function pythonState(): 'uv' | 'python3' | 'python' | 'no venv' | 'none' {
  if (works('uv', ['--version'])) return 'uv';
  const python = (['python3', 'python'] as const).find((name) => works(name, ['--version']));
  if (!python) return 'none';
  return works(python, ['-c', 'import ensurepip, venv']) ? python : 'no venv';
}

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Runs an installer with its messages shown; a half-made environment is removed. */
async function must(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, UV_CACHE_DIR: derivedPath('uv'), PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  const [code] = await once(child, 'exit');
  if (code === 0) return;
  await rm(venv, { recursive: true, force: true });
  throw new LookbookError('lab', {
    what: 'JupyterLab could not be installed',
    got: `${command} ${args.join(' ')} ended with ${code ?? 'a signal'}`,
    mend: 'Look at the lines above (a network or a proxy?), or install JupyterLab yourself and run this again.',
  });
}
