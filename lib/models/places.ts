/** Where the files of a model lie on this machine. */
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { LookbookError } from '../errors.js';
import { findInHubCache, isCommit } from '../hub/cache.js';
import { hubSettings } from '../hub/settings.js';
import { projectPath } from '../paths.js';
import type { Manifest, ManifestFile } from './manifest.js';

/** The folders of LOOKBOOK_MODELS, in its order. */
export function ownFolders(): string[] {
  return (process.env.LOOKBOOK_MODELS ?? '').split(delimiter).filter(Boolean).map(projectPath);
}

/** models/<folder>, then <folder> in each folder of LOOKBOOK_MODELS. */
export function modelFolders({ folder, name }: Manifest): string[] {
  return [projectPath('models'), ...ownFolders()].map((root) => join(root, folder ?? name));
}

/**
 * The place of each file, by role; null where it lies nowhere. A file of the size that the manifest gives comes before
 * one of another size; directly in a folder of LOOKBOOK_MODELS and in the Hugging Face cache only the right size counts.
 * A graph and its external data come from one folder, and not from the cache: onnxruntime refuses data behind links
 * that lead out of the graph's folder, as the cache's do.
 */
export async function locate(
  manifest: Manifest,
  files: Record<string, ManifestFile>,
): Promise<Record<string, string | null>> {
  const places = await Promise.all(groupsOf(files).map((roles) => placeOfGroup(manifest, roles, files)));
  const found: Record<string, string | null> = Object.assign({}, ...places);
  return Object.fromEntries(Object.keys(files).map((role) => [role, found[role] ?? null]));
}

/** The graph that a role is the external data of: image-data, image-data-2, image-weights-7 → image. */
export function graphOfData(role: string): string | undefined {
  return /^(.+)-(?:data|weights)(-\d+)?$/.exec(role)?.[1];
}

/** Whether a role belongs to a graph with external data. */
export function hasExternalData(role: string, files: Record<string, ManifestFile>): boolean {
  return groupsOf(files).some((roles) => roles.length > 1 && roles.includes(role));
}

/** Roles that must come from one folder. */
function groupsOf(files: Record<string, ManifestFile>): string[][] {
  const groups = new Map<string, string[]>();
  for (const role of Object.keys(files)) {
    const graph = graphOfData(role);
    const key = graph !== undefined && Object.hasOwn(files, graph) ? graph : role;
    groups.set(key, [...(groups.get(key) ?? []), role]);
  }
  return [...groups.values()];
}

async function placeOfGroup(
  manifest: Manifest,
  roles: readonly string[],
  files: Record<string, ManifestFile>,
): Promise<Record<string, string | null>> {
  const placesIn = async (folder: string): Promise<[string, string | null][]> =>
    Promise.all(
      roles.map(async (role) => {
        const path = join(folder, files[role]!.path);
        return [role, (await sizeOf(path)) === null ? null : path] as [string, string | null];
      }),
    );
  const fits = async ([role, path]: [string, string | null]): Promise<boolean> =>
    path !== null && (await sizeFault(path, files[role])) === null;
  const isKnown = (role: string): boolean => files[role]?.bytes != null;

  const named = await Promise.all(modelFolders(manifest).map(placesIn));
  const bare = roles.every(isKnown) ? await Promise.all(ownFolders().map(placesIn)) : [];
  for (const places of [...named, ...bare]) {
    if ((await Promise.all(places.map(fits))).every(Boolean)) return Object.fromEntries(places);
  }
  const [role] = roles;
  if (roles.length === 1 && role !== undefined) {
    const cached = await cachedPlace(manifest, files[role]!);
    if (cached !== null) return { [role]: cached };
  }
  // What is there but wrong is told as that; the rest of the group is missing.
  return Object.fromEntries(named.find((places) => places.some(([, path]) => path !== null)) ?? []);
}

/** Where the Hugging Face cache has a file of a manifest, or null. */
export async function cachedPlace(manifest: Manifest, file: ManifestFile): Promise<string | null> {
  const place = hubPlace(manifest, file);
  if (place === null) return null;
  // A branch may have moved since: without a sha256 only a commit, or having no network, is reason enough.
  if (place.sha256 === null && !isCommit(place.revision) && !hubSettings().offline) return null;
  return findInHubCache(place);
}

/** A file of a manifest as a hub knows it; null where the manifest names no repository for it. */
export function hubPlace(
  { hub }: Manifest,
  { path, hubPath, repository, revision, bytes, sha256 }: ManifestFile,
): {
  repository: string;
  revision: string;
  path: string;
  bytes: number | null;
  sha256: string | null;
} | null {
  const [from, at] = [repository ?? hub?.repository, revision ?? hub?.revision];
  return from === undefined || at === undefined
    ? null
    : { repository: from, revision: at, path: hubPath ?? path, bytes, sha256 };
}

/** In words how a file differs in size from its manifest, or null. */
export async function sizeFault(path: string, file: ManifestFile | undefined): Promise<string | null> {
  const size = await sizeOf(path);
  if (size === null) return `${path} is no file`;
  return file?.bytes == null || file.bytes === size ? null : `${path} of ${size} bytes, not ${file.bytes}`;
}

async function sizeOf(path: string): Promise<number | null> {
  const facts = await stat(path).catch(() => null); // not there is an answer here, not a fault
  return facts?.isFile() ? facts.size : null;
}

/**
 * The folder that new files of a model go to: beside a manifest of a person's own, else models/<folder>, else <folder>
 * in the first folder of LOOKBOOK_MODELS that may be written.
 * @throws LookbookError when none of them may be written.
 */
export async function writableFolder(manifest: Manifest, origin: string): Promise<string> {
  const folders = modelFolders(manifest);
  const beside = ownFolders().find((root) => origin.startsWith(join(root, '/')));
  const preferred = beside === undefined ? [] : [join(beside, manifest.folder ?? manifest.name)];
  for (const folder of [...preferred, ...folders]) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      // The next one may do.
    }
  }
  throw new LookbookError('models', {
    what: `there is no folder for the weights of ${manifest.name}`,
    got: `no right to write ${folders.join(' nor ')}`,
    expected: 'one folder that may be written',
    mend: 'Name a folder of your own in LOOKBOOK_MODELS, and run again.',
  });
}
