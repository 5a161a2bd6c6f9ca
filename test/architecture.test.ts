import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const lib = new URL('../lib/', import.meta.url).pathname;
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** Native packages and the one file that may import each. */
const GATES: Record<string, string> = {
  sharp: 'decoders/libvips.ts',
  'onnxruntime-node': 'onnx-worker.ts',
  '@tensorflow': 'tensorflow-worker.ts',
  chromadb: 'stores/chroma.ts',
  // A peer that our own projection is measured against.
  'umap-js': 'commands/benchmarks/umap.ts',
  'plotly.js-dist': 'rendering/plotly.ts',
  tslab: 'notebook/tslab.ts',
  '@huggingface/tokenizers': 'tokenizer.ts',
  undici: 'hub/transport.ts',
};

/** What our own speed is measured against: the package with nothing of ours around it. */
const BARE: Record<string, string> = {
  'onnxruntime-node': 'commands/bare-session.ts',
  chromadb: 'commands/bare-store.ts',
};

/** From the top down: a room imports from rooms below it only, and never from a sibling on its own line. */
const FLOORS: string[][] = [
  ['commands'],
  ['notebook', 'index.ts'],
  ['together.ts'],
  ['lookbook.ts'],
  ['book'],
  ['workshop.ts', 'compare.ts', 'comparison-config.ts'],
  ['precision'],
  [
    'indexing',
    'searching',
    'exploring',
    'rendering',
    'health',
    'showing.ts',
    'highlighting.ts',
    'collections.ts',
  ],
  ['segmentation.ts', 'encoders', 'segmenters', 'highlighters', 'stores', 'picture-table'],
  [
    'models',
    'cropping',
    'picture-graph.ts',
    'mask-decoder.ts',
    'mask-proposals.ts',
    'text-tower.ts',
    'graph-checks.ts',
    'graph-feeds.ts',
    'calibration.ts',
    'tokenizer.ts',
    'thumbnails.ts',
    'picture-bytes.ts',
    'fetching.ts',
    'mask-files.ts',
    'rows.ts',
    'config.ts',
  ],
  ['quantising'],
  [
    'decoders',
    'hub',
    'graphs.ts',
    'onnx.ts',
    'onnx-file.ts',
    'onnx-names.ts',
    'onnx-wire.ts',
    'onnx-lanes.ts',
    'onnx-worker.ts',
    'tensorflow.ts',
    'tensorflow-folder.ts',
    'tensorflow-json.ts',
    'tensorflow-ops.ts',
    'tensorflow-worker.ts',
  ],
  [
    'arithmetic',
    'words.ts',
    'paths.ts',
    'whole-file.ts',
    'process-lock.ts',
    'closers.ts',
    'turns.ts',
    'interrupt.ts',
    'text-cleaning.ts',
  ],
  ['types.ts', 'errors.ts', 'visible.ts'],
  ['types'],
];

function importsOf(file: string): string[] {
  const text = readFileSync(join(lib, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms)].map((match) => match[1]!);
}

function roomOf(file: string): string {
  return file.includes('/') ? file.split('/')[0]! : file;
}

function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
  expect(floor, `${room} stands on no floor: add it to test/architecture.test.ts`).toBeGreaterThanOrEqual(0);
  return floor;
}

describe('the house', () => {
  it('each native package has one gate', () => {
    for (const [name, gate] of Object.entries(GATES)) {
      const importers = files.filter(
        (file) =>
          file !== BARE[name] && importsOf(file).some((from) => from === name || from.startsWith(`${name}/`)),
      );
      for (const importer of importers) expect(`${name} ← ${importer}`).toBe(`${name} ← ${gate}`);
    }
  });

  it('arrows between rooms point down', () => {
    const upward: string[] = [];
    for (const file of files) {
      for (const from of importsOf(file).filter((path) => path.startsWith('.'))) {
        const target = normalize(join(dirname(file), from)).replace(/\.js$/, '.ts');
        const [own, other] = [roomOf(file), roomOf(target)];
        if (own === other) continue;
        const sideways =
          floorOf(own) === floorOf(other) && own.endsWith('.ts') === false && other.endsWith('.ts') === false;
        if (floorOf(own) > floorOf(other) || sideways) upward.push(`${file} → ${target}`);
      }
    }
    expect(upward).toEqual([]);
  });

  it('only commands, and the kernel in the folder of its notebook, ask where the process was started', () => {
    const askers = files.filter((file) => readFileSync(join(lib, file), 'utf8').includes('process.cwd('));
    expect(askers.filter((file) => !file.startsWith('commands/') && file !== 'notebook/tslab.ts')).toEqual(
      [],
    );
  });

  it('only commands and processes of their own may end the process', () => {
    const enders = files.filter((file) => readFileSync(join(lib, file), 'utf8').includes('process.exit('));
    const allowed = /^(commands\/|stores\/chroma-(watchdog|tether|child)\.ts|notebook\/kernel-child\.ts)/;
    expect(enders.filter((file) => !allowed.test(file))).toEqual([]);
  });
});
