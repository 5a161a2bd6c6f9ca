import { LookbookError, reasonOf } from '../../errors.js';
import { checkManifest, type Manifest } from '../manifest.js';
import { type HubFiles, type HubListing, hubFiles } from './files.js';
import type { HubRepository, ReadForm } from './form.js';
import { fieldOf, numberOf, shown, textOf } from './json.js';
import { licenceOf } from './licence.js';
import { folderOfRepository, parseHubName } from './name.js';
import { openClipForm } from './open-clip.js';
import { readTransformers } from './transformers.js';
import { readUform } from './uform.js';

export type { HubListing } from './files.js';
export { folderOfRepository, type HubName, isHubName, parseHubName } from './name.js';

const MOST_OF_README = 2 ** 19;

/** One repository at one revision. */
export interface HubReader {
  /** A small text of the list, of the same commit; or null where it is not there after all. */
  text(path: string): Promise<string | null>;
  list(): Promise<HubListing>;
}

/**
 * Makes a manifest of what a repository says of itself, for names such as hf:owner/name@revision. Everything that
 * comes from the hub is checked; names of inputs and outputs are those of public exports, which the opener checks.
 * The weights are those of the commit that the revision stands for now; the folder is that of the name.
 * @throws LookbookError that lists everything for which the repository cannot be used.
 */
export async function manifestOfRepository(name: string, hub: HubReader): Promise<Manifest> {
  const asked = parseHubName(name);
  const listing: unknown = await hub.list();
  const commit = textOf(fieldOf(listing, 'commit')) ?? '';
  const faults = /^[0-9a-f]{40}$/.test(commit) ? [] : [`the commit ${shown(fieldOf(listing, 'commit'))}`];
  const files = hubFiles(listing);
  const repository: HubRepository = {
    files,
    json: async (path) => (files.has(path) ? readJson(hub, path, faults) : undefined),
    faults,
  };
  const body = await formOf(repository)(repository);
  if (!body || faults.length) throw refusal(name, faults);
  const manifest = {
    title: `${asked.repository}, as its repository describes it`,
    ...licenceOf(hasReadme(files) ? await hub.text('README.md') : null),
    source: `hub ${asked.repository}@${commit}`,
    hub: { repository: asked.repository, revision: commit },
    folder: folderOfRepository(asked),
    ...body,
  };
  return checkManifest(manifest, name, `made of ${name}`);
}

/** Whether there is one that is worth reading for its licence: some are books. */
function hasReadme(files: HubFiles): boolean {
  const bytes = numberOf(fieldOf(files.get('README.md'), 'bytes'));
  return bytes !== undefined && bytes <= MOST_OF_README;
}

function formOf({ files }: HubRepository): ReadForm {
  const isUform = files.has('image_encoder.onnx') && files.has('text_encoder.onnx');
  return openClipForm(files) ?? (isUform ? readUform : readTransformers);
}

async function readJson(hub: HubReader, path: string, faults: string[]): Promise<unknown> {
  const text = await hub.text(path);
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    faults.push(`${path} is no object but ${shown(value)}`);
  } catch (error) {
    faults.push(`${path} is no JSON: ${reasonOf(error)}`);
  }
  // Not absent: that would be a second fault of the same file.
  return {};
}

function refusal(name: string, faults: readonly string[]): LookbookError {
  return new LookbookError('models', {
    what: `${name} cannot be used from its own files`,
    got: [...new Set(faults)].join('; '),
    expected:
      'ONNX graphs, config.json, preprocessor_config.json and tokenizer.json of a kind that is known here',
    mend: 'Make the graphs with `npm run models -- export`, write models/<name>.json by hand, or choose a model of `npm run models -- list`.',
  });
}
