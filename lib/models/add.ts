import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { writeWhole } from '../whole-file.js';
import { hubManifest } from './from-hub/manifests.js';
import { parseHubName } from './from-hub/repository.js';
import type { Manifest } from './manifest.js';
import { formatManifest } from './manifest-text.js';
import { ownFolders } from './places.js';
import { modelNames } from './registry.js';

const NAME = /^[a-z0-9]+([.-][a-z0-9]+)*$/;

/**
 * Writes the manifest of a hub repository, pinned to its commit, with sizes and what the hub knows of sha256: into the
 * first folder of LOOKBOOK_MODELS, or as models/<name>.json where there is none.
 * @param as the name; without it that of the repository in lower case.
 * @returns the manifest and the file that it stands in.
 * @throws LookbookError when the name is taken or none, or the repository cannot be used.
 */
export async function addModel(hubName: string, as?: string): Promise<{ manifest: Manifest; path: string }> {
  const name = as ?? defaultName(hubName);
  const [own] = ownFolders();
  const folder = own === undefined ? projectPath(`models/${name}`) : join(own, name);
  const path = `${folder}.json`;
  // Neither another file nor a folder of the project may become that of a model.
  const taken = (await modelNames()).includes(name) || existsSync(path) || existsSync(folder);
  if (taken || !NAME.test(name)) {
    throw new LookbookError('models', {
      what: taken ? 'there is something of that name already' : 'this cannot be the name of a model',
      got: JSON.stringify(name),
      expected: 'small letters, digits, dots and single dashes, and a name that is free',
      mend: `Choose another one: npm run models -- add ${hubName} --as NAME`,
    });
  }
  // The folder becomes that of the new name: hf: names keep theirs for whatever commit they stand for.
  const { folder: _, ...made } = await hubManifest(hubName);
  const manifest = { ...made, name };
  const text = formatManifest(manifest);
  await writeWhole(path, own === undefined ? withSchema(text) : text);
  return { manifest, path };
}

/** Beside the schema, an editor can check what a person changes. */
function withSchema(text: string): string {
  return text.replace('{\n', '{\n  "$schema": "./manifest.schema.json",\n');
}

function defaultName(hubName: string): string {
  const { repository } = parseHubName(hubName);
  return repository
    .slice(repository.indexOf('/') + 1)
    .toLowerCase()
    .replaceAll('_', '-');
}
