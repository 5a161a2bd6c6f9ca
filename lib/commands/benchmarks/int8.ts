/**
 * What matrix products in 8 bits are worth: a CLIP ViT-B/32 of full size with random weights and a real sentence
 * encoder, each beside its fp32 form, and transformers.js on the same files, all in turns; and what the sentences'
 * vectors lose by it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Agreement, agreementOf } from '../../arithmetic/agreement.js';
import { openTogether } from '../../closers.js';
import { defineConfig } from '../../config.js';
import { decode } from '../../decoders/image.js';
import { knownSha256 } from '../../models/identity.js';
import { findModel, modelFiles } from '../../models/registry.js';
import { eightBitFile } from '../../quantising/eight-bit-file.js';
import { backgroundPrompts } from '../../searching/background-prompts.js';
import { openTextTower } from '../../text-tower.js';
import type { Encoder, Pixels } from '../../types.js';
import { makeClipB32, PREPROCESSING } from '../clip-b32.js';
import { openClipB32, writePhotographs } from '../clip-b32-workshop.js';
import type { Figures, Measure } from '../figures.js';
import { indexSeconds } from '../index-seconds.js';
import { interleaved, median, secondsOf } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';
import { openPeer } from '../transformersjs-peer.js';

const PICTURES = 96;
const ROUNDS = 5;
const BATCHES = [1, 4, 8, 16];
/** Runs at once, as when an index is made. */
const AT_ONCE = 4;
const SENTENCES = 40;
const TEXT_ROUNDS = 20;

export const measure: Measure = async (say) => ({ ...(await pictures(say)), ...(await sentences(say)) });

/** The 8-bit form of a graph by the rewrite's own rules, with nothing left out. */
async function eightBits(path: string): Promise<string> {
  return eightBitFile({ path, sha256: await knownSha256(path) }, { keep: [] });
}

async function pictures(say: (line: string) => void): Promise<Figures> {
  const clip = await makeClipB32(say);
  const place = await openWorkplace();
  await writePhotographs(place.pictures, PICTURES, say);
  const pixels = await decodeAll(place.pictures);
  const fp32 = await openClipB32(clip);
  const int8 = await openClipB32({
    ...clip,
    vision: await eightBits(clip.vision),
    text: await eightBits(clip.text),
  });
  const peer = await openPeer({ model: clip.folder, pictures: place.pictures }, say);
  try {
    const settings = defineConfig({ images: place.pictures, segmenter: null, chroma: 'memory:' }, {});
    const at = { place, pictures: PICTURES };
    const batches = { fp32: await fastest(fp32, pixels), int8: await fastest(int8, pixels) };
    say(`best batch: fp32 ${batches.fp32}, int8 ${batches.int8}`);
    const seconds = await interleaved(
      {
        fp32: () => embedSeconds(fp32, pixels, batches.fp32),
        int8: () => embedSeconds(int8, pixels, batches.int8),
        fp32Run: () => indexSeconds(fp32, settings, at),
        int8Run: () => indexSeconds(int8, settings, at),
        peer: () => peer?.encode({ batch: 8, way: 'one by one' }) ?? Promise.resolve(Number.NaN),
        fp32Words: () => wordSeconds(fp32),
        int8Words: () => wordSeconds(int8),
      },
      ROUNDS,
    );
    const of = (name: keyof typeof seconds): number => median(seconds[name]);
    for (const name of ['fp32', 'int8'] as const)
      say(
        `${name}: ${seconds[name].map((value) => ((1000 * value) / PICTURES).toFixed(1)).join(', ')} ms a picture`,
      );
    return {
      'encode.int8_vs_fp32': of('fp32') / of('int8'),
      'encode.int8_run_vs_fp32_run': of('fp32Run') / of('int8Run'),
      ...(peer ? { 'encode.int8_vs_transformersjs': of('peer') / of('int8Run') } : {}),
      'int8.text.clip_vs_fp32': of('fp32Words') / of('int8Words'),
    };
  } finally {
    peer?.close();
    await Promise.all([fp32.close(), int8.close()]);
    await place.remove();
  }
}

async function decodeAll(folder: string): Promise<Pixels[]> {
  const files = (await readdir(folder)).sort();
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(join(folder, file));
      return (await decode(bytes, { preprocessings: [PREPROCESSING] })).inputs[0]!;
    }),
  );
}

/** Copies, for a graph does not pass the same picture twice. */
async function embedSeconds(encoder: Encoder, pixels: readonly Pixels[], batch: number): Promise<number> {
  const inputs = pixels.map((one) => ({ pixels: { ...one } }));
  const runs = Array.from({ length: Math.ceil(inputs.length / batch) }, (_, n) =>
    inputs.slice(n * batch, (n + 1) * batch),
  );
  return secondsOf(() =>
    Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let run = runs.pop(); run; run = runs.pop()) await encoder.embed(run);
      }),
    ),
  );
}

/** The batch size with the least seconds; each is tried twice, the first time for warmth. */
async function fastest(encoder: Encoder, pixels: readonly Pixels[]): Promise<number> {
  const some = pixels.slice(0, PICTURES / 2);
  let best = { batch: BATCHES[0]!, seconds: Number.POSITIVE_INFINITY };
  for (const batch of BATCHES) {
    await embedSeconds(encoder, some, batch);
    const seconds = await embedSeconds(encoder, some, batch);
    if (seconds < best.seconds) best = { batch, seconds };
  }
  return best.batch;
}

async function wordSeconds(encoder: Encoder): Promise<number> {
  return secondsOf(async () => {
    for (let n = 0; n < TEXT_ROUNDS; n++) await encoder.embedTexts!(['a photo of a red car']);
  });
}

/** The sentence encoder of a model that is listed, on sentences of its reference or on words of the background. */
async function sentences(say: (line: string) => void): Promise<Figures> {
  const entry = await findModel('mobilenet-v2-words');
  const { manifest } = entry;
  if (!entry.ready || manifest.family !== 'label-words') {
    say('int8.text.* SKIPPED: the weights of mobilenet-v2-words are not here (LOOKBOOK_MODELS)');
    return {};
  }
  const files = await modelFiles(entry);
  const path = files[manifest.text.file]!;
  const texts = await textsBeside(path);
  const about = { name: manifest.name, dimension: manifest.dimension };
  const { fp32, int8 } = await openTogether(async (keep) => ({
    fp32: await keep(openTextTower(manifest.text, files, about)),
    int8: await keep(
      openTextTower(manifest.text, { ...files, [manifest.text.file]: await eightBits(path) }, about),
    ),
  }));
  try {
    const each = async (tower: typeof fp32): Promise<Float32Array[]> => {
      const vectors: Float32Array[] = [];
      for (const text of texts) vectors.push(...(await tower.embed([text])));
      return vectors;
    };
    const agreement = agreementOf(await each(fp32), await each(int8));
    const seconds = await interleaved(
      {
        fp32: () => secondsOf(() => each(fp32)),
        int8: () => secondsOf(() => each(int8)),
        fp32List: () => secondsOf(() => fp32.embed(texts)),
        int8List: () => secondsOf(() => int8.embed(texts)),
      },
      TEXT_ROUNDS,
    );
    return {
      ...cosines(agreement),
      'int8.text.vs_fp32': median(seconds.fp32) / median(seconds.int8),
      'int8.text.list_vs_fp32': median(seconds.fp32List) / median(seconds.int8List),
    };
  } finally {
    await Promise.all([fp32.close(), int8.close()]);
  }
}

function cosines({ least, mean, neighbours }: Agreement): Figures {
  return {
    'int8.text.least_cosine': least,
    'int8.text.mean_cosine': mean,
    'int8.text.neighbours': neighbours,
  };
}

/** The sentences of the reference beside the weights; where there is none, words of the background. */
async function textsBeside(path: string): Promise<string[]> {
  const json = await readFile(join(dirname(path), 'reference.json'), 'utf8').catch(() => null);
  if (json === null) return backgroundPrompts.slice(0, SENTENCES);
  const { sentences }: { sentences: { text: string }[] } = JSON.parse(json);
  return sentences.map(({ text }) => text);
}
