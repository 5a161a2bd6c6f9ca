/** npm run doctor: what is wrong on this machine, and how to mend it. One line for each thing. */
import { existsSync } from 'node:fs';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { defineConfig } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import { browserPath } from '../notebook/browser.js';
import { findJupyter, pythonState } from '../notebook/jupyter.js';
import { derivedPath, projectRoot } from '../paths.js';

interface Check {
  name: string;
  /** Without it the lookbook still works. */
  optional?: true;
  /** Says what was found. @throws with what is wrong and how to mend it. */
  look(): Promise<string>;
}

const leastNode = [20, 19] as const;
const leastFreeBytes = 2 ** 30;
/** The smallest picture there is: one grey pixel. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAICAgAAAACwAAAAAAQABAAACAkQBADs=', 'base64');

// The native packages are loaded inside their own checks, so that one that fails does not hide the others.
const checks: Check[] = [
  {
    name: 'Node',
    async look() {
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
      const fits = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
      if (!fits)
        throw wrong('Node is too old', process.version, `Install Node ${leastNode.join('.')} or newer.`);
      return `${process.version} on ${process.platform} ${process.arch}`;
    },
  },
  {
    name: 'Folders',
    async look() {
      for (const folder of [derivedPath(), defineConfig().masks]) {
        await mkdir(folder, { recursive: true });
        await access(folder, constants.W_OK);
      }
      return 'can be written';
    },
  },
  {
    name: 'Disk',
    async look() {
      const { bavail, bsize } = await statfs(projectRoot);
      const free = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GB free`;
      if (bavail * bsize < leastFreeBytes)
        throw wrong(
          'the disk is nearly full',
          free,
          'Make room: the store and the masks grow with the pictures.',
        );
      return free;
    },
  },
  {
    name: 'Pictures',
    async look() {
      const { decode } = await import('../decoders/image.js');
      const { facts } = await decode(pixel, { preprocessings: [] });
      return `sharp reads a ${facts.format.toUpperCase()}`;
    },
  },
  {
    name: 'Model',
    async look() {
      const { findIn, openEncoder } = await import('../models/families.js');
      const { isTensorflow } = await import('../tensorflow-folder.js');
      const { encoder: name, device, deviceId, dtype, layer } = defineConfig();
      const encoder = await openEncoder(name, { device, deviceId, dtype, ...(layer ? { layer } : {}) });
      try {
        await encoder.embedTexts?.(['a word']);
      } finally {
        await encoder.close();
      }
      const { manifest } = await findIn('encoders', name);
      const runtime = isTensorflow(manifest.files.image?.path ?? '') ? 'TensorFlow.js' : 'onnxruntime';
      return `${name} runs in ${runtime} on ${device}`;
    },
  },
  {
    name: 'Segmenter',
    look: () => namesOf('segmenters', defineConfig().segmenter),
  },
  {
    name: 'Highlighter',
    look() {
      const { highlighter } = defineConfig();
      return namesOf('highlighters', highlighter === null ? [] : [highlighter]);
    },
  },
  {
    name: 'Store',
    async look() {
      const { openStore } = await import('../stores/open-store.js');
      const { chroma } = defineConfig();
      const started = performance.now();
      const store = await openStore(chroma);
      try {
        const collections = await store.list();
        return `${chroma} answers after ${Math.round(performance.now() - started)} ms, ${collections.length} collections`;
      } finally {
        await store.close();
      }
    },
  },
  {
    name: 'TensorFlow.js',
    optional: true,
    async look() {
      const { tensorflowBackends } = await import('../tensorflow.js');
      const { names, missing } = await tensorflowBackends();
      return `models of it run in the backend ${names[0]}${missing ? ` (${missing})` : ''}`;
    },
  },
  {
    name: 'Chromium',
    optional: true,
    async look() {
      const path = browserPath();
      if (path) return path;
      throw wrong(
        'no browser for the browser tests',
        'none',
        'Run apt install chromium; without it those tests are skipped.',
      );
    },
  },
  {
    name: 'Jupyter',
    optional: true,
    async look() {
      const jupyter = findJupyter();
      if (jupyter)
        return `JupyterLab ${jupyter.version} (${jupyter.found === 'checkout' ? 'of this checkout' : 'installed'})`;
      const state = pythonState();
      if (state !== 'none' && state !== 'no venv') return `none yet; npm run lab makes it with ${state}`;
      const mend =
        'Run apt install python3-venv (Debian, Ubuntu) or install uv, for npm run lab; npm start needs neither.';
      throw wrong(
        'JupyterLab cannot be made',
        state === 'none' ? 'no Python' : 'a Python without ensurepip',
        mend,
      );
    },
  },
];

/** Names of models must lead somewhere; all that do not are told. What a hub has is fetched when it is first wanted. */
async function namesOf(room: 'segmenters' | 'highlighters', names: readonly string[]): Promise<string> {
  const { findIn } = await import('../models/families.js');
  const { modelFiles } = await import('../models/registry.js');
  const looks = await Promise.allSettled(
    names.map(async (name) => {
      const entry = await findIn(room, name);
      if (!entry.ready && entry.manifest.hub) return `${name}, which the first run fetches`;
      await modelFiles(entry);
      return name;
    }),
  );
  const faults = looks.flatMap((look) => (look.status === 'rejected' ? [reasonOf(look.reason)] : []));
  if (faults.length) throw new Error(faults.join('\n'));
  return looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : [])).join(', ') || 'none';
}

function wrong(what: string, got: string, mend: string): LookbookError {
  return new LookbookError('doctor', { what, got, mend });
}

/** True when all that is needed is there. */
async function main(): Promise<boolean> {
  let well = true;
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  for (const { name, optional, look } of checks) {
    try {
      console.log(`✓ ${name.padEnd(width)}${await look()}`);
    } catch (thrown) {
      if (!optional) well = false;
      const lines = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
      console.log(`${optional ? '–' : '✗'} ${name.padEnd(width)}${lines.join(`\n  ${' '.repeat(width)}`)}`);
    }
  }
  if (!existsSync(defineConfig().images[0] ?? ''))
    console.log('\nThere is no folder of pictures yet: put some into images/.');
  console.log(
    well ? '\nAll is well: npm start will run.' : '\nMend the lines marked ✗, then run this again.',
  );
  return well;
}

main().then((well) => process.exit(well ? 0 : 1));
