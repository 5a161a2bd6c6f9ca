/**
 * A lookbook of very many pictures as a run of the index leaves it, made without a run: files, rows, markers, masks and the
 * catalogue. Nothing of it may have to be read again.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../arithmetic/seeded.js';
import { normalise } from '../arithmetic/vectors.js';
import { defineConfig, type LookbookConfig } from '../config.js';
import { type Catalogue, openCatalogue } from '../indexing/catalogue.js';
import { writeMasks } from '../mask-files.js';
import { imageIdOfBytes } from '../picture-bytes.js';
import { PERCEPTUAL_HASH, pictureRow, placedMinute, segmentsDone } from '../rows.js';
import type { NewRecord } from '../types.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from '../workshop.js';

const AN_HOUR_MS = 3_600_000;
const PER_FOLDER = 250;
const PER_WRITE = 1000;
/** Segments that each row says it has. */
const SEGMENTS = 2;

/** @param catalogue its file. */
export async function makeUnchanged(
  config: LookbookConfig,
  { count, catalogue: path }: { count: number; catalogue: string },
): Promise<void> {
  const settings = defineConfig(config);
  const workshop = await openWorkshop(settings);
  const catalogue = await openCatalogue(path);
  const random = seeded(1);
  for (let from = 0; from < count; from += PER_WRITE) {
    const numbers = Array.from({ length: Math.min(PER_WRITE, count - from) }, (_, n) => from + n);
    const root = settings.images[0]!;
    for (const n of numbers.filter((number) => number % PER_FOLDER === 0))
      await mkdir(join(root, folderOf(n)), { recursive: true });
    const rows = await Promise.all(numbers.map((n) => makeOne(n, { root, workshop, catalogue, random })));
    await workshop.pictures.upsert(rows);
  }
  await catalogue.close();
  await closeWorkshop(workshop);
}

interface Makers {
  root: string;
  workshop: OpenWorkshop;
  catalogue: Catalogue;
  random: () => number;
}

/** The file is no picture: it is known already, and so never opened. */
async function makeOne(n: number, { root, workshop, catalogue, random }: Makers): Promise<NewRecord> {
  const path = `${folderOf(n)}/IMG_${n}.JPG`;
  const bytes = Buffer.from(`picture ${n}`);
  const imageId = imageIdOfBytes(bytes);
  await writeFile(join(root, path), bytes);
  const { size, mtimeMs, ctimeMs } = await stat(join(root, path));
  catalogue.set({ root, path, size, mtimeMs, changedMs: ctimeMs, imageId });
  const { encoder, segmenter, segmentsFingerprint, masks } = workshop;
  const facts = {
    width: 6000,
    height: 4000,
    format: 'jpeg',
    bytes: size,
    orientation: 'landscape' as const,
    photograph: true,
    taken: new Date(mtimeMs).toISOString(),
    camera: 'NIKON D750',
  };
  if (segmenter && segmentsFingerprint)
    await writeMasks(masks, segmenter.fingerprint, {
      imageId,
      segmenter: segmenter.name,
      width: facts.width,
      height: facts.height,
      segments: [],
    });
  return {
    id: imageId,
    vector: normalise(Float32Array.from({ length: encoder.dimension }, () => random() - 0.5)),
    metadata: {
      ...pictureRow(facts, [{ root, path }]),
      // What was placed in the last minutes is read again by the next run.
      placed: placedMinute(Date.now() - AN_HOUR_MS),
      [PERCEPTUAL_HASH]: '0'.repeat(112),
      ...(segmentsFingerprint ? { [segmentsDone(segmentsFingerprint)]: SEGMENTS } : {}),
    },
  };
}

function folderOf(n: number): string {
  return String(Math.floor(n / PER_FOLDER)).padStart(4, '0');
}
