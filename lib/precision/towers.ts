/** The trials of an encoder's two towers: on the person's own pictures, and on words of the background. */
import { stat } from 'node:fs/promises';
import type { Settings } from '../config.js';
import { type ModelFiles, openForTrial } from '../models/families.js';
import { knownSha256, type OpenOptions, placeOf } from '../models/identity.js';
import { eightBitFile } from '../quantising/eight-bit-file.js';
import { backgroundPrompts } from '../searching/background-prompts.js';
import { openTextTower, type TextTower } from '../text-tower.js';
import { samplePictures } from './sample.js';
import { type TrialOf, type TrialResult, tryEightBits } from './trial.js';

/** Pictures of the trial. */
export const PICTURES = 64;
/** Those of a round are so many runs at once, of so many pictures each. */
const RUNS = 4;
const PICTURES_PER_RUN = 4;
/** Words of the trial: each is read alone, as questions are. */
const TEXTS = 64;

/** Whose towers are tried, and how they are opened. */
export interface Trying {
  model: ModelFiles;
  settings: Settings;
  options: OpenOptions;
}

async function graphOf(path: string): Promise<TrialOf['graph']> {
  return { path, sha256: await knownSha256(path), bytes: (await stat(path)).size };
}

/** Pictures are encoded as an index is made: several runs at once. */
export async function tryPictures({ model, settings, options }: Trying): Promise<TrialResult> {
  const { layer } = settings;
  const { signal } = options;
  const { manifest, files } = model;
  const stopping = signal ? { signal } : {};
  const pictures =
    'preprocessing' in manifest
      ? await samplePictures(settings, {
          count: PICTURES,
          preprocessing: manifest.preprocessing,
          ...stopping,
        })
      : [];
  return tryEightBits({
    role: 'image',
    graph: await graphOf(files.image!),
    count: pictures.length,
    round: RUNS * PICTURES_PER_RUN,
    ...stopping,
    open: (eightBits) =>
      openForTrial(settings.encoder, { ...options, eightBits, ...(layer === undefined ? {} : { layer }) }),
    async embed(encoder, start, end) {
      const runs: Promise<Float32Array[]>[] = [];
      for (let at = start; at < end; at += PICTURES_PER_RUN) {
        // Copies, for a graph does not pass the same picture twice.
        const part = pictures
          .slice(at, Math.min(end, at + PICTURES_PER_RUN))
          .map((pixels) => ({ ...pixels }));
        const looks = encoder.embed(part.map((pixels) => ({ pixels })));
        runs.push(looks.then((all) => all.map(({ picture }) => picture)));
      }
      return (await Promise.all(runs)).flat();
    },
  });
}

/** Words are read one after the other, as questions come. */
export async function tryWords(role: string, { model, options }: Trying): Promise<TrialResult> {
  const { manifest, files } = model;
  const graph = await graphOf(files[role]!);
  const step = Math.floor(backgroundPrompts.length / TEXTS);
  const texts = Array.from({ length: TEXTS }, (_, index) => backgroundPrompts[index * step]!);
  return tryEightBits<TextTower>({
    role,
    graph,
    count: TEXTS,
    round: 1,
    ...(options.signal ? { signal: options.signal } : {}),
    async open({ [role]: recipe }) {
      if (!('text' in manifest && 'dimension' in manifest)) throw new Error('it has no words');
      const path = recipe ? await eightBitFile(graph, recipe) : graph.path;
      const { name, dimension } = manifest;
      return openTextTower(
        manifest.text,
        { ...files, [role]: path },
        { name, dimension, ...placeOf(options) },
      );
    },
    async embed(tower, start, end) {
      const vectors: Float32Array[] = [];
      for (const text of texts.slice(start, end)) vectors.push(...(await tower.embed([text])));
      return vectors;
    },
  });
}
