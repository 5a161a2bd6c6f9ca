/** Manifests as files: their form, and facts that are written into them. */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { writeWhole } from '../whole-file.js';
import { type Dtype, type Manifest, type ManifestFile, readManifest } from './manifest.js';

/** Size and sha256 of one file of a manifest, once somebody has measured them. */
export interface MeasuredFile {
  role: string;
  bytes: number;
  sha256: string;
}

/** A manifest as its file holds it: two spaces, lists of plain values on one line; its name is the file's. */
export function formatManifest(manifest: Manifest): string {
  const { name: _, ...fields } = manifest;
  return `${formatJson(fields, '')}\n`;
}

/** @param indent of the line that the value begins on. */
function formatJson(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const isPlain = value.every((entry) => typeof entry !== 'object' || entry === null);
    const entries = value.map((entry) => formatJson(entry, inner));
    if (isPlain) return `[${entries.join(', ')}]`;
    return `[\n${entries.map((entry) => `${inner}${entry}`).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const lines = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([key, entry]) => `${inner}${JSON.stringify(key)}: ${formatJson(entry, inner)}`);
  return lines.length ? `{\n${lines.join(',\n')}\n${indent}}` : '{}';
}

/**
 * Writes sizes and sha256 into the manifest's file where it has null.
 * @returns the roles that were written; none where the file knows all already.
 * @throws LookbookError when the file may not be written.
 */
export async function sayFacts(
  origin: string,
  manifest: Manifest,
  { dtype, facts }: { dtype: Dtype; facts: readonly MeasuredFile[] },
): Promise<string[]> {
  const fresh = await readManifest(origin, manifest.name);
  let text = await readFile(origin, 'utf8');
  const said = facts.flatMap(({ role, bytes, sha256 }) => {
    const file = fileOf(fresh, role, dtype);
    if (!file || (file.bytes !== null && file.sha256 !== null)) return [];
    file.bytes ??= bytes;
    file.sha256 ??= sha256;
    text = withFacts(text, file);
    return [role];
  });
  if (said.length === 0) return said;
  // The file keeps its own form, where that says the same as the manifest.
  const { name: _, ...fields } = fresh;
  await writeWhole(origin, isDeepStrictEqual(JSON.parse(text), fields) ? text : formatManifest(fresh));
  return said;
}

/** The same text with null replaced where a file of this path stands, written as manifests are: path, bytes, sha256. */
function withFacts(text: string, { path, bytes, sha256 }: ManifestFile): string {
  const start = `("path"\\s*:\\s*${literal(JSON.stringify(path))}[^{}]*?`;
  return text
    .replace(new RegExp(`${start}"bytes"\\s*:\\s*)null`, 'g'), (_, before) => `${before}${bytes}`)
    .replace(new RegExp(`${start}"sha256"\\s*:\\s*)null`, 'g'), (_, before) => `${before}"${sha256}"`);
}

/** A text as a regular expression that matches it alone. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Writes a manifest over the file that it came from. */
export async function replaceManifest(origin: string, manifest: Manifest): Promise<void> {
  const text = formatManifest(manifest);
  if (text !== (await readFile(origin, 'utf8').catch(() => ''))) await writeWhole(origin, text);
}

function fileOf({ files, variants }: Manifest, role: string, dtype: Dtype): ManifestFile | undefined {
  const variant = dtype === 'fp32' ? undefined : variants?.[dtype]?.[role];
  return variant ?? files[role];
}
