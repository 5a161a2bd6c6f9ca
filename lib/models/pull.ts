import { checkModel, families } from './families.js';
import { type FetchedFile, type FetchOptions, fetchFiles } from './fetch-files.js';
import type { Dtype } from './manifest.js';
import { findModel } from './registry.js';
import { describeCheck, isCheckOff, refuseFailed, type SelfCheck } from './self-check-results.js';

/** What a pull came to. */
export interface Pulled {
  /** None where everything was here already. */
  fetched: FetchedFile[];
  /** undefined where LOOKBOOK_SELF_CHECK=off left it out. */
  check?: SelfCheck;
}

/**
 * Brings a model's files to this machine, verified by size and sha256, and lets it show with ten pictures that it is
 * wired as it was trained. Files of a model that fails stay; the model is refused until its manifest is mended.
 * @throws LookbookError when the files cannot be had (see fetchFiles), or the self-check is not passed.
 */
export async function pullModel(name: string, options: FetchOptions = {}): Promise<Pulled> {
  const fetched = await fetchFiles(await findModel(name), options);
  const check = await runSelfCheck(name, options);
  return { fetched, ...(check ? { check } : {}) };
}

/**
 * Runs a model's self-check and says its result; undefined where it is switched off.
 * @throws LookbookError with the figure and what could be wrong when it is not passed.
 */
export async function runSelfCheck(
  name: string,
  { dtype, onLine, signal }: FetchOptions & { dtype?: Dtype },
): Promise<SelfCheck | undefined> {
  if (isCheckOff()) {
    onLine?.(`${name}: the self-check was left out, because LOOKBOOK_SELF_CHECK is off.`);
    return undefined;
  }
  signal?.throwIfAborted();
  const { manifest } = await findModel(name);
  const rooms = await Promise.all((['encoders', 'segmenters', 'highlighters'] as const).map(families));
  const known = rooms.flat();
  // What has no weights has nothing that could be wired wrongly.
  if (!known.includes(manifest.family) || Object.keys(manifest.files).length === 0) return undefined;
  onLine?.(`${name}: self-check with ten drawings …`);
  const check = await checkModel(name, { ...(dtype ? { dtype } : {}), ...(signal ? { signal } : {}) });
  refuseFailed(check, manifest);
  onLine?.(`${name}: ${describeCheck(check)}.`);
  return check;
}
