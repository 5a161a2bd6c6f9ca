import { createHash } from 'node:crypto';
import { openTogether } from './closers.js';
import type { Settings } from './config.js';
import { CROP_VERSION, cropFormOf } from './cropping/crops.js';
import type { Workshop } from './indexing/stages.js';
import { openEncoder } from './models/families.js';
import type { OpenOptions } from './models/identity.js';
import { fileDtype } from './models/registry.js';
import { decidePrecision } from './precision/decide.js';
import { plain } from './precision/stored.js';
import { openSegmentation } from './segmentation.js';
import { openStore } from './stores/open-store.js';
import type { Encoder, Metadata, VectorCollection, VectorStore } from './types.js';

/** Models and store of a lookbook, held open. */
export interface OpenWorkshop extends Workshop {
  store: VectorStore;
}

/**
 * Opens the models, then the store with the two collections of their fingerprints.
 * @throws LookbookError that names the model or store that does not open.
 */
export function openWorkshop(
  settings: Settings,
  opening: Pick<OpenOptions, 'onDownload' | 'signal'> = {},
): Promise<OpenWorkshop> {
  const { device, deviceId, threads, layer, dtype, name, hnsw, masks } = settings;
  const place = { device, deviceId, threads, dtype: fileDtype(dtype), ...opening };
  return openTogether(async (keep) => {
    // What is stored may decide the form; else the store comes last, so that a model that is missing starts no server.
    const early = dtype === fileDtype(dtype) ? null : await keep(openStore(settings.chroma));
    const precision = early ? await decidePrecision(settings, early, place) : plain(place.dtype);
    const atLayer = layer === undefined ? {} : { layer };
    const ofEncoder = { ...place, ...precision.options, ...atLayer };
    const encoder = await keep(openEncoder(settings.encoder, ofEncoder));
    const segmenter = settings.segmenter.length
      ? await keep(openSegmentation(settings.segmenter, place))
      : null;
    const segmentsFingerprint = segmenter ? segmentsFingerprintOf(encoder, segmenter.fingerprint) : null;
    const store = early ?? (await keep(openStore(settings.chroma)));
    const shared = { lookbook: name, encoder: encoder.name, ...atLayer, ...precision.facts };
    const open = (of: string, fingerprint: string, facts: Metadata): Promise<VectorCollection> =>
      store.open({
        name: collectionName(name, of, fingerprint),
        dimension: encoder.dimension,
        fingerprint,
        hnsw,
        facts: { ...shared, of, ...facts },
      });
    return {
      encoder,
      segmenter,
      segmentsFingerprint,
      store,
      masks,
      pictures: await open('pictures', encoder.fingerprint, {}),
      segments:
        segmenter && segmentsFingerprint
          ? await open('segments', segmentsFingerprint, {
              segmenter: segmenter.name,
              pictures: encoder.fingerprint,
            })
          : null,
      async segmentsOf(fingerprint) {
        const wanted = collectionName(name, 'segments', fingerprint);
        const found = (await store.list()).find((collection) => collection.name === wanted);
        return found ? store.open(found) : null;
      },
    };
  });
}

export async function closeWorkshop({ encoder, segmenter, store }: OpenWorkshop): Promise<void> {
  await Promise.all([encoder.close(), segmenter?.close(), store.close()]);
}

/** Vectors of segments depend on both models and on how a segment is shown to the encoder. */
function segmentsFingerprintOf(encoder: Encoder, segmenter: string): string {
  const { margin, outside } = cropFormOf(encoder);
  const way = `${encoder.poolsSegments ? 'pooled' : 'cropped'} ${CROP_VERSION} ${margin} ${outside}`;
  return createHash('sha256').update(`${encoder.fingerprint} ${segmenter} ${way}`).digest('hex').slice(0, 32);
}

function collectionName(lookbook: string, of: string, fingerprint: string): string {
  return `${lookbook}.${of}.${fingerprint.slice(0, 12)}`;
}
