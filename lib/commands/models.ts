/** npm run models -- list | verify NAME | pull NAME: what encoders and segmenters there are, and whether they are whole. */
import { reasonOf } from '../errors.js';
import { findModel, listModels, type ModelEntry, verifyModel } from '../models/registry.js';

const usage = `npm run models -- list            what there is
npm run models -- verify NAME     compares its files with the manifest
npm run models -- pull NAME       says where its files come from and belong`;

async function main([action = 'list', name]: readonly string[]): Promise<number> {
  if (action === 'list') return list(await listModels());
  if (action === 'verify' && name) return verify(name);
  if (action === 'pull' && name) return pull(name);
  console.error(usage);
  return 2;
}

function list(entries: readonly ModelEntry[]): number {
  const width = Math.max(...entries.map(({ manifest }) => manifest.name.length)) + 2;
  for (const { manifest, ready } of entries) {
    const { name, title, family, licence } = manifest;
    console.log(`${ready ? '✓' : '·'} ${name.padEnd(width)}${title}`);
    console.log(
      `  ${' '.repeat(width)}${family}, ${licence}${ready ? '' : '; its weights are not on this machine'}`,
    );
  }
  console.log('\n✓ ready to use as ENCODER or SEGMENTER');
  return 0;
}

async function verify(name: string): Promise<number> {
  const faults = await verifyModel(name);
  if (faults.length === 0) console.log(`${name} is whole: every file has the sha256 of its manifest.`);
  for (const fault of faults) console.error(fault);
  return faults.length === 0 ? 0 : 1;
}

async function pull(name: string): Promise<number> {
  const { manifest, ready } = await findModel(name);
  if (ready) {
    console.log(`${name} is here already.`);
    return 0;
  }
  const files = Object.values(manifest.files).map(({ path }) => path);
  const folder = `models/${manifest.folder ?? manifest.name}/`;
  console.error(
    `Downloading is not built yet: put ${files.join(', ')} into ${folder}, from ${manifest.source}.`,
  );
  return 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    console.error(reasonOf(thrown));
    process.exit(1);
  },
);
