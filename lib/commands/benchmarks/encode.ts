/**
 * How much of what bare onnxruntime-node reaches on ready-made tensors is left when pictures come from files and
 * vectors go to a store, and how that compares with transformers.js on the same files: a CLIP ViT-B/32 of full size
 * with random weights, all in turns.
 */
import { defineConfig } from '../../config.js';
import { type BareSession, openBareSession, pixelTensor } from '../bare-session.js';
import { makeClipB32, PREPROCESSING } from '../clip-b32.js';
import { openClipB32, writePhotographs } from '../clip-b32-workshop.js';
import type { Figures, Measure } from '../figures.js';
import { indexSeconds } from '../index-seconds.js';
import { interleaved, median, secondsOf } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';
import { openPeer } from '../transformersjs-peer.js';

const PICTURES = 160;
const ROUNDS = 5;
const BATCHES = [1, 8, 16, 32];
/** Pictures of a trial of one batch size. */
const TRIAL = 64;

export const measure: Measure = async (say) => {
  const clip = await makeClipB32(say);
  const place = await openWorkplace();
  const encoder = await openClipB32(clip);
  const bare = await openBareSession(clip.vision);
  await writePhotographs(place.pictures, PICTURES, say);
  const peer = await openPeer({ model: clip.folder, pictures: place.pictures }, say);
  try {
    const settings = defineConfig({ images: place.pictures, segmenter: null, chroma: 'memory:' }, {});
    const batch = await fastest('bare session', (size) => bareSeconds(bare, size, TRIAL), say);
    const peerBatch = peer ? await fastest('transformers.js', (size) => peer.encode(size), say) : 0;
    const contestants: Record<string, () => Promise<number>> = {
      session: () => bareSeconds(bare, batch, PICTURES),
      lookbook: () => indexSeconds(encoder, settings, { place, pictures: PICTURES }),
      ...(peer ? { 'transformers.js': () => peer.encode(peerBatch) } : {}),
    };
    const seconds = await interleaved(contestants, ROUNDS);
    const rates = Object.fromEntries(
      Object.entries(seconds).map(([name, values]) => [name, PICTURES / median(values)]),
    );
    for (const [name, values] of Object.entries(seconds))
      say(`${name}: ${values.map((value) => (PICTURES / value).toFixed(1)).join(', ')} images/s`);
    return figuresOf(rates);
  } finally {
    peer?.close();
    await Promise.all([bare.close(), encoder.close()]);
    await place.remove();
  }
};

function figuresOf(rates: Record<string, number>): Figures {
  const { session = Number.NaN, lookbook = Number.NaN, 'transformers.js': peer } = rates;
  return {
    'encode.vs_session': lookbook / session,
    ...(peer === undefined ? {} : { 'encode.vs_transformersjs': lookbook / peer }),
    'encode.images_per_s': lookbook,
  };
}

/** The batch size with the least seconds; each is tried twice, the first time for warmth. */
async function fastest(
  name: string,
  trial: (batch: number) => Promise<number>,
  say: (line: string) => void,
): Promise<number> {
  let best = { batch: BATCHES[0]!, seconds: Number.POSITIVE_INFINITY };
  for (const batch of BATCHES) {
    await trial(batch);
    const seconds = await trial(batch);
    if (seconds < best.seconds) best = { batch, seconds };
  }
  say(`${name}: best at batch ${best.batch}`);
  return best.batch;
}

async function bareSeconds(bare: BareSession, batch: number, pictures: number): Promise<number> {
  const feeds = { pixel_values: pixelTensor(batch, PREPROCESSING.size) };
  return secondsOf(async () => {
    for (let done = 0; done < pictures; done += batch) await bare.run(feeds);
  });
}
