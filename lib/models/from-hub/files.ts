import type { Dtype, ManifestFile } from '../manifest.js';
import { countOf, fieldOf, shown } from './json.js';

/** What a hub says of a repository at a commit. The hub is a stranger: nothing of it is believed unchecked. */
export interface HubListing {
  /** 40 hex digits. */
  commit: string;
  files: { path: string; bytes: number; sha256: string | null }[];
}

/** Files by path, as the hub lists them; only those whose path stays inside a folder on every system. */
export type HubFiles = ReadonlyMap<string, unknown>;

type Roles = Record<string, ManifestFile>;

/** As manifest.schema.json has paths. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const LARGEST = 64 * 2 ** 30;
const MOST_DATA_FILES = 32;

/** How hubs call the forms of one graph: model.onnx, model_fp16.onnx, model_quantized.onnx. */
const VARIANTS: Record<Exclude<Dtype, 'fp32'>, string> = { fp16: '_fp16', q8: '_quantized' };

export function hubFiles(listing: unknown): HubFiles {
  const files = fieldOf(listing, 'files');
  const entries = (Array.isArray(files) ? files : []).map((file) => [fieldOf(file, 'path'), file] as const);
  const inside = entries.filter((entry): entry is [string, unknown] => {
    const [path] = entry;
    return typeof path === 'string' && PATH.test(path) && !path.includes('..');
  });
  return new Map(inside);
}

/** The first of some paths that are in the repository. */
export function firstOf(files: HubFiles, paths: readonly string[]): string | undefined {
  return paths.find((path) => files.has(path));
}

/**
 * Manifest entries of the files that are wanted, role → path, and of the data that belongs to each graph
 * (role-data, role-data-2, …). What is absent or described in a way that cannot be goes to the faults.
 */
export function rolesOf(files: HubFiles, wanted: Record<string, string>, faults: string[]): Roles {
  const roles: Roles = {};
  for (const [role, path] of Object.entries(wanted)) {
    for (const [name, at] of [[role, path] as const, ...dataOf(files, role, path)]) {
      const entry = entryOf(files, at);
      if (typeof entry === 'string') faults.push(entry);
      else roles[name] = entry;
    }
  }
  return roles;
}

/** The graphs' other forms, where the repository has them. */
export function variantsOf(
  files: HubFiles,
  graphs: Record<string, string>,
  faults: string[],
): { variants?: Partial<Record<Exclude<Dtype, 'fp32'>, Roles>> } {
  const found = Object.entries(VARIANTS).flatMap(([dtype, suffix]) => {
    const paths = Object.entries(graphs).map(([role, path]) => [
      role,
      path.replace(/\.onnx$/, `${suffix}.onnx`),
    ]);
    const there = paths.filter(([, path]) => path !== undefined && files.has(path));
    // Data of its own would need roles that `files` lacks; such a form is left out.
    const whole = there.filter(([role = '', path = '']) => dataOf(files, role, path).length === 0);
    return whole.length ? [[dtype, rolesOf(files, Object.fromEntries(whole), faults)] as const] : [];
  });
  return found.length ? { variants: Object.fromEntries(found) } : {};
}

function entryOf(files: HubFiles, path: string): ManifestFile | string {
  const file = files.get(path);
  if (file === undefined) return `no ${path}`;
  const bytes = countOf(fieldOf(file, 'bytes'));
  if (bytes === undefined || bytes > LARGEST) return `${path} of ${shown(fieldOf(file, 'bytes'))} bytes`;
  const sha256 = fieldOf(file, 'sha256') ?? null;
  if (sha256 === null) return { path, bytes, sha256 };
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    ? { path, bytes, sha256 }
    : `${path} with the sha256 ${shown(sha256)}`;
}

/** External data as exporters call it: model.onnx_data, model.onnx_data_1, …, model.onnx.data. */
function dataOf(files: HubFiles, role: string, path: string): [string, string][] {
  const further = Array.from({ length: MOST_DATA_FILES }, (_, index) => `${path}_data_${index + 1}`);
  const there = [`${path}_data`, ...further, `${path}.data`].filter((data) => files.has(data));
  return there.map((data, index) => [index === 0 ? `${role}-data` : `${role}-data-${index + 1}`, data]);
}
