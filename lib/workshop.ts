import { createHash } from 'node:crypto';
import type { Settings } from './config.js';
import { CROP_VERSION } from './indexing/crops.js';
import type { Workshop } from './indexing/stages.js';
import { openEncoder, openSegmenter } from './models/families.js';
import { openStore } from './stores/open-store.js';
import type { VectorStore } from './types.js';

/** Models and store of a lookbook, held open. */
export interface OpenWorkshop extends Workshop {
  store: VectorStore;
}

/**
 * Opens the models, then the store with the two collections of their fingerprints.
 * @throws LookbookError that names the model or store that does not open.
 */
export async function openWorkshop(settings: Settings): Promise<OpenWorkshop> {
  const { device, name, hnsw } = settings;
  const encoder = await openEncoder(settings.encoder, { device });
  const segmenter = settings.segmenter === null ? null : await openSegmenter(settings.segmenter, { device });
  const segmentsFingerprint = segmenter ? segmentsFingerprintOf(encoder, segmenter.fingerprint) : null;
  const store = await openStore(settings.chroma);
  const facts = { lookbook: name, encoder: encoder.name };
  const { dimension } = encoder;
  const pictures = await store.open({
    name: collectionName(name, 'pictures', encoder.fingerprint),
    dimension,
    fingerprint: encoder.fingerprint,
    hnsw,
    facts: { ...facts, of: 'pictures' },
  });
  const segments = segmentsFingerprint
    ? await store.open({
        name: collectionName(name, 'segments', segmentsFingerprint),
        dimension,
        fingerprint: segmentsFingerprint,
        hnsw,
        facts: { ...facts, of: 'segments', segmenter: segmenter?.name ?? '' },
      })
    : null;
  return { encoder, segmenter, segmentsFingerprint, store, pictures, segments, masks: settings.masks };
}

/** Vectors of segments depend on both models and on how a segment is shown to the encoder. */
function segmentsFingerprintOf(
  encoder: { fingerprint: string; poolsSegments: boolean },
  segmenter: string,
): string {
  const way = encoder.poolsSegments ? 'pooled' : `crops ${CROP_VERSION}`;
  return createHash('sha256').update(`${encoder.fingerprint} ${segmenter} ${way}`).digest('hex').slice(0, 32);
}

function collectionName(lookbook: string, of: string, fingerprint: string): string {
  return `${lookbook}.${of}.${fingerprint.slice(0, 12)}`;
}
