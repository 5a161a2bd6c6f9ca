/** npm run models -- list | pull | verify | layers | add | export: what encoders and segmenters there are, and their weights. */
import { parseArgs } from 'node:util';
import { reasonOf } from '../errors.js';
import { addModel } from '../models/add.js';
import { exportNamed } from '../models/export-named.js';
import { layerOutput, listedLayers, listTensors } from '../models/layers.js';
import type { Dtype, Manifest } from '../models/manifest.js';
import { pullModel, runSelfCheck } from '../models/pull.js';
import {
  DTYPES,
  dtypesOf,
  filesOf,
  findModel,
  listModels,
  type ModelEntry,
  modelFiles,
  verifyModel,
} from '../models/registry.js';
import { visible } from '../visible.js';
import { bytes as inBytes } from '../words.js';

const usage = `npm run models -- list                       what there is, and what is ready
npm run models -- pull NAME [--dtype fp16]   fetches its files, verifies them, and lets it show what it can
npm run models -- verify NAME [--dtype fp16] compares its files with the manifest, and checks what it can
npm run models -- add hf:owner/name[@revision] [--as NAME]   makes a manifest of a hub repository
npm run models -- layers NAME                what may stand in LAYER: the layers it lists, and every tensor inside its graph
npm run models -- export NAME                makes the files that no hub has (needs Python)

NAME is one of the list, or hf:owner/name@revision. Ctrl-C leaves what was fetched for the next time.
LOOKBOOK_MODELS                folders with weights and manifests of your own; add writes to the first
LOOKBOOK_ACCEPT_LICENSE=NAME   accepts a licence that does not allow every use, once
HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_OFFLINE and HTTPS_PROXY count as they do for Hugging Face's libraries
LOOKBOOK_SELF_CHECK=off        leaves the self-check out, for models of random weights`;

const STOPPED = 130;

const stop = new AbortController();
// A second Ctrl-C ends the process as usual.
process.once('SIGINT', () => stop.abort());

interface Wish {
  name: string;
  dtype: Dtype;
  as: string | undefined;
}

const actions: Record<string, (wish: Wish) => Promise<number>> = {
  pull,
  verify,
  layers,
  add,
  export: makeFiles,
};

async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === 'help') {
    console.log(usage);
    return 0;
  }
  if (wish === 'list') return list();
  const action = wish && Object.hasOwn(actions, wish.action) ? actions[wish.action] : undefined;
  if (wish && action) return action(wish);
  console.error(usage);
  return 2;
}

/** What the arguments ask for; undefined when they make no sense. */
function readWish(args: readonly string[]): (Wish & { action: string }) | 'list' | 'help' | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { dtype: { type: 'string' }, as: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const [action = 'list', name, ...rest] = positionals;
    if (values.help || action === 'help') return 'help';
    if (action === 'list' && name === undefined) return 'list';
    const dtype = DTYPES.find((known) => known === (values.dtype ?? 'fp32'));
    if (name === undefined || rest.length || dtype === undefined) return undefined;
    return { action, name, dtype, as: values.as };
  } catch {
    return undefined; // an option that nobody knows: the usage says which there are
  }
}

async function list(): Promise<number> {
  const { entries, faults } = await listModels();
  const width = Math.max(...entries.map(({ manifest }) => manifest.name.length)) + 2;
  for (const entry of entries) {
    const { manifest, ready } = entry;
    say(`${ready ? '✓' : '·'} ${manifest.name.padEnd(width)}${manifest.title}`);
    say(`  ${' '.repeat(width)}${factsOf(entry).join(' · ')}`);
    if (manifest.terms) say(`  ${' '.repeat(width)}${manifest.terms}`);
  }
  console.log(
    '\n✓ ready to use as ENCODER or SEGMENTER; the others are fetched at first use, or by pull NAME.',
  );
  for (const fault of faults) complain(fault);
  return faults.length === 0 ? 0 : 1;
}

function factsOf({ manifest, ready }: ModelEntry): string[] {
  const { family, licence, hub, export: made, card } = manifest;
  const dtypes = dtypesOf(manifest);
  const missing = hub ? [] : [made ? 'made by export' : 'to be put there by hand'];
  return [
    family,
    ...(card?.imagenetZeroShot ? [`ImageNet zero-shot ${card.imagenetZeroShot} %`] : []),
    ...(card?.languages ? [card.languages.replace(/\d$/, '$& languages')] : []),
    sizeOf(manifest),
    ...(dtypes.length > 1 ? [dtypes.join(', ')] : []),
    licence,
    ...(ready ? [] : missing),
  ];
}

function sizeOf(manifest: Manifest): string {
  const sizes = Object.values(filesOf(manifest)).map(({ bytes }) => bytes);
  if (sizes.length === 0) return 'no weights';
  const known = sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  if (known === 0) return 'size not known yet';
  return sizes.includes(null) ? `more than ${inBytes(known)}` : inBytes(known);
}

async function pull({ name, dtype }: Wish): Promise<number> {
  const { fetched } = await pullModel(name, { dtype, onLine: say, signal: stop.signal });
  if (await needsNoFiles(name)) say(`${name} needs no files.`);
  else if (fetched.length === 0) say(`${name} is here already.`);
  else say(`${name} is ready: ${fetched.map(({ path }) => path).join(', ')}`);
  return 0;
}

async function verify({ name, dtype }: Wish): Promise<number> {
  const faults = await verifyModel(name, dtype);
  for (const fault of faults) complain(fault);
  if (faults.length > 0) return 1;
  if (await needsNoFiles(name)) say(`${name} needs no files.`);
  else say(`${name} is whole: every file has the sha256 of its manifest.`);
  await runSelfCheck(name, { dtype, onLine: say, signal: stop.signal });
  return 0;
}

async function layers({ name, dtype }: Wish): Promise<number> {
  const entry = await findModel(name);
  const { manifest } = entry;
  const { image } = await modelFiles(entry, dtype);
  if (image === undefined) {
    say(`${name} has no graph.`);
    return 0;
  }
  const tensors = await listTensors(image);
  const listed = new Map(listedLayers(manifest).map((layer) => [layerOutput(manifest, layer), layer]));
  const own =
    'output' in manifest && !('settle' in manifest && manifest.settle) ? manifest.output : undefined;
  const width = Math.min(72, Math.max(...tensors.map((tensor) => tensor.name.length)));
  for (const { name: tensor, op, isOutput, dims } of tensors) {
    const layer = listed.get(tensor);
    const facts = [
      op,
      ...(isOutput ? ['output'] : []),
      ...(tensor === own ? ["the model's own vector"] : []),
      ...(layer === undefined ? [] : [`the layer ${layer}`]),
    ];
    say(`${tensor.padEnd(width)}  [${dims.map((dim) => dim ?? '?').join(', ')}]  ${facts.join(', ')}`);
  }
  console.log(
    `\nEach of these may stand in LAYER, or in the manifest's layers; maps [batch, C, h, w] and tokens [batch, T, D] are pooled by their mean.`,
  );
  return 0;
}

async function needsNoFiles(name: string): Promise<boolean> {
  const { manifest } = await findModel(name);
  return Object.keys(manifest.files).length === 0;
}

async function add({ name, as }: Wish): Promise<number> {
  const { manifest, path } = await addModel(name, as);
  say(`${path}: ${manifest.family}, ${manifest.licence}, ${sizeOf(manifest)}, ${manifest.source}`);
  if (manifest.terms) say(manifest.terms);
  say(`Read it through, then: npm run models -- pull ${manifest.name}`);
  return 0;
}

async function makeFiles({ name }: Wish): Promise<number> {
  const { files, maxAbs } = await exportNamed(name, { say, signal: stop.signal });
  for (const { path, bytes, sha256 } of Object.values(files)) say(`${path} ${bytes} bytes, sha256 ${sha256}`);
  say(`The largest difference to PyTorch is ${maxAbs.toExponential(1)}.`);
  await runSelfCheck(name, { onLine: say, signal: stop.signal });
  say(`${name} is ready.`);
  return 0;
}

/** Manifests, hubs and graphs are written by others. */
function say(line: string): void {
  console.log(visible(line));
}

function complain(line: string): void {
  console.error(visible(line));
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    if (stop.signal.aborted) {
      console.error('Stopped. What was fetched stays, and the same command goes on from there.');
      process.exit(STOPPED);
    }
    console.error(reasonOf(thrown));
    process.exit(1);
  },
);
