import { isDeepStrictEqual } from 'node:util';
import { LookbookError } from '../errors.js';
import { type Exported, exportModel } from './export.js';
import { requireConsent } from './licences.js';
import type { Manifest } from './manifest.js';
import { replaceManifest } from './manifest-text.js';
import { graphOfData, writableFolder } from './places.js';
import { findModel } from './registry.js';

/**
 * Makes the files of a model that no hub has as ONNX, into its folder, and writes their sizes and sha256 into its
 * manifest.
 * @throws LookbookError when the manifest names no export, its licence is not accepted, or the export fails.
 */
export async function exportNamed(
  name: string,
  options: { say(line: string): void; signal?: AbortSignal },
): Promise<Exported> {
  const { manifest, origin } = await findModel(name);
  const recipe = manifest.export;
  if (!recipe) {
    throw new LookbookError('models', {
      what: `the manifest of ${name} names no export`,
      got: manifest.hub ? `a hub, ${manifest.hub.repository}` : `the source ${manifest.source}`,
      expected: 'export: { kind, source }',
      mend: manifest.hub
        ? `\`npm run models -- pull ${name}\` fetches its files.`
        : 'Add it to the manifest; models/export says which kinds there are.',
    });
  }
  await requireConsent(manifest);
  const target = await writableFolder(manifest, origin);
  const exported = await exportModel({ ...recipe, name, target }, options);
  await replaceManifest(origin, withExported(manifest, exported));
  return exported;
}

/** @throws LookbookError when the export gives other roles or labels than the manifest counts on. */
function withExported(manifest: Manifest, { files, labels }: Exported): Manifest {
  // External data comes and goes with the size of the weights; every other role is the manifest's.
  const missing = Object.keys(manifest.files).filter((role) => !files[role] && !graphOfData(role));
  const otherLabels =
    labels !== undefined && manifest.family === 'semantic' && !isDeepStrictEqual(labels, manifest.labels);
  if (missing.length || otherLabels) {
    throw new LookbookError('models', {
      what: `the export does not give what the manifest of ${manifest.name} counts on`,
      got: [
        ...(missing.length ? [`the roles ${Object.keys(files).join(', ')}`] : []),
        ...(otherLabels ? [`${labels.length} labels, beginning with ${labels.slice(0, 3).join(', ')}`] : []),
      ].join('; '),
      expected: [
        ...(missing.length ? [`${missing.join(', ')} too`] : []),
        ...(otherLabels && manifest.family === 'semantic'
          ? [`its ${manifest.labels.length} labels, beginning with ${manifest.labels.slice(0, 3).join(', ')}`]
          : []),
      ].join('; '),
      mend: 'Correct files, labels or export in the manifest; the exported files stay where they are.',
    });
  }
  const entries = Object.entries(files).map(([role, { path, bytes, sha256 }]) => [
    role,
    { ...manifest.files[role], path, bytes, sha256 },
  ]);
  return { ...manifest, files: Object.fromEntries(entries) };
}
