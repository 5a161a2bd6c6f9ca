import type { Settings } from '../config.js';
import { reasonOf } from '../errors.js';
import type { Check } from './check.js';

/** The smallest picture there is: one grey pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAICAgAAAACwAAAAAAQABAAACAkQBADs=', 'base64');

/**
 * Whether pictures are read and the models of the settings run. What loads native packages is imported inside its own
 * check, so that one that does not load hides no other.
 */
export function modelChecks(settings: Settings): Check[] {
  const { encoder, segmenter, highlighter, dtype } = settings;
  const hasEightBits = dtype === 'int8' || dtype === 'auto';
  return [
    { name: 'Pictures', look: readPixel },
    { name: 'Model', look: () => encode(settings) },
    ...(hasEightBits ? [{ name: '8 bits', optional: true as const, look: sumEightBits }] : []),
    { name: 'TensorFlow.js', optional: true, look: tensorflow },
    { name: 'Segmenter', look: () => namesOf('segmenters', segmenter) },
    { name: 'Highlighter', look: () => namesOf('highlighters', highlighter === null ? [] : [highlighter]) },
    { name: 'Weights', look: () => verify([...new Set([encoder, ...segmenter])], settings) },
  ];
}

async function readPixel(): Promise<string> {
  const { decode } = await import('../decoders/image.js');
  const { facts } = await decode(PIXEL, { preprocessings: [] });
  return `sharp reads a ${facts.format.toUpperCase()}`;
}

async function encode({ encoder: name, device, deviceId, dtype, layer }: Settings): Promise<string> {
  const { findIn, openEncoder } = await import('../models/families.js');
  const { fileDtype } = await import('../models/registry.js');
  const { isTensorflow } = await import('../tensorflow-folder.js');
  const place = { device, deviceId, dtype: fileDtype(dtype) };
  const encoder = await openEncoder(name, { ...place, ...(layer ? { layer } : {}) });
  try {
    await encoder.embedTexts?.(['a word']);
  } finally {
    await encoder.close();
  }
  const { manifest } = await findIn('encoders', name);
  const runtime = isTensorflow(manifest.files.image?.path ?? '') ? 'TensorFlow.js' : 'onnxruntime';
  return `${name} runs in ${runtime} on ${device}`;
}

/** Where sums overflow, vectors in 8 bits are not those of other machines. */
async function sumEightBits(): Promise<string> {
  const { sumsExactly } = await import('../quantising/exact-sums.js');
  if (await sumsExactly()) return 'this CPU sums products of 8 bits exactly';
  throw new Error('this CPU sums products of 8 bits with overflows (it has no VNNI): set DTYPE to fp32');
}

async function tensorflow(): Promise<string> {
  const { tensorflowBackends } = await import('../tensorflow.js');
  const { names, missing } = await tensorflowBackends();
  return `models of it run in the backend ${names[0]}${missing ? ` (${missing})` : ''}`;
}

/** Names of models must lead somewhere; all that do not are told. What a hub has is fetched when it is first wanted. */
async function namesOf(room: 'segmenters' | 'highlighters', names: readonly string[]): Promise<string> {
  const { findIn } = await import('../models/families.js');
  const { modelFiles } = await import('../models/registry.js');
  const looked = await allOrFaults(names, async (name) => {
    const entry = await findIn(room, name);
    if (!entry.ready && entry.manifest.hub) return `${name}, which the first run fetches`;
    await modelFiles(entry);
    return name;
  });
  return looked.join(', ') || 'none';
}

/** Reads all weights that are on this machine and compares them with their manifests. */
async function verify(names: readonly string[], { dtype }: Settings): Promise<string> {
  const { fileDtype, findModel, verifyModel } = await import('../models/registry.js');
  const told = await allOrFaults(names, async (name) => {
    const entry = await findModel(name);
    if (!entry.ready) return [];
    const faults = (await verifyModel(name, fileDtype(dtype))).filter(
      (fault) => !fault.endsWith('none in the manifest'),
    );
    if (faults.length)
      throw new Error(`${faults.join('\n')}\nFetch it anew: remove these files, then run this again.`);
    return [name];
  });
  const verified = told.flat();
  return verified.length
    ? `${verified.join(', ')} are the files of their manifests`
    : 'none on this machine yet';
}

/** Looks at each of them. @throws with the reasons of all that failed. */
async function allOrFaults<Result>(
  names: readonly string[],
  look: (name: string) => Promise<Result>,
): Promise<Result[]> {
  const looks = await Promise.allSettled(names.map(look));
  const faults = looks.flatMap((found) => (found.status === 'rejected' ? [textOf(found.reason)] : []));
  if (faults.length) throw new Error(faults.join('\n'));
  return looks.flatMap((found) => (found.status === 'fulfilled' ? [found.value] : []));
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : reasonOf(thrown);
}
