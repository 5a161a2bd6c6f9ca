/** Full disks: tries with ever more room, what is wrong after each, and whether a second try makes it whole. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { HubFile } from '#lib/hub/download.js';
import type { IndexReport } from '#lib/index.js';
import type { Seen } from '../hub/hub-server.js';
import { spawnOnSmallDisk, type Way } from './disk-small.js';
import { differences, type KillRoom, type State, stateOf } from './kill-room.js';

const script = fileURLToPath(new URL('./disk-once.mjs', import.meta.url));
/** A try that takes longer counts as hanging. */
const HANG_S = 60;

/** What lies on the disk that fills. */
export type Place = 'store' | 'masks' | 'derived';

export interface FullDisk {
  way: Way;
  /** Bytes free, one try each; of a download, the bytes after which the disk is full. */
  free: readonly number[];
  size: string;
}

export interface Tally {
  tries: number;
  /** Tries that the disk was too small for. */
  refused: number;
  losses: string[];
  hangs: number;
  worstSeconds: number;
}

interface Told<Again> {
  free: number;
  error: string | null;
  ours: boolean;
  stood: number;
  again: Again;
  left: string[];
  seconds: number;
}

/** @param kind of the store. @param whole what an undisturbed run over the same pictures leaves. */
export async function indexOnFullDisk(
  { room, whole, kind }: { room: KillRoom; whole: State; kind: 'flat' | 'chroma' },
  at: Place,
  full: FullDisk,
): Promise<Tally> {
  const own = room.place();
  const [disk, others, keep] = ['disk', 'others', 'keep'].map((name) => join(own.folder, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [disk, others, keep]) await mkdir(folder, { recursive: true });
  const config = { ...own.config, chroma: kind === 'flat' ? 'flat:STORE' : 'STORE' };
  const told = await run<IndexReport>(full, { disk, at, config, others, keep, free: full.free });
  const tally = tallyOf(told, `${kind}, full ${at}`);
  for (const [n, { again, stood, free }] of told.entries()) {
    const place = { folder: join(keep, String(n)), config: { ...own.config } };
    place.config.chroma = `${kind === 'flat' ? 'flat:' : ''}${place.folder}/store`;
    place.config.masks = `${place.folder}/masks`;
    const say = (sentence: string): unknown =>
      tally.losses.push(`${kind}, ${free} bytes for ${at}: ${sentence}`);
    for (const difference of differences(whole, await stateOf(place))) say(difference);
    if (again.failed.length) say(`the second run failed on ${JSON.stringify(again.failed[0])}`);
    if (again.added !== room.pictures - stood)
      say(`${again.added} pictures were encoded, though ${stood} of ${room.pictures} stood`);
  }
  await rm(own.folder, { recursive: true, maxRetries: 10, retryDelay: 300 });
  return tally;
}

/** @param file of a hub at HF_ENDPOINT. @param seen what that hub was asked for. */
export async function downloadOnFullDisk(
  { folder, file, seen }: { folder: string; file: HubFile; seen: readonly Seen[] },
  full: FullDisk,
): Promise<Tally> {
  const disk = join(folder, 'disk');
  await mkdir(disk, { recursive: true });
  const told = await run<{ sha256: string }>(full, { disk, at: 'download', file, free: full.free });
  const tally = tallyOf(told, 'download');
  for (const { again, stood, free, error } of told) {
    if (again.sha256 !== file.sha256) tally.losses.push(`${free} bytes: the second download is another file`);
    const goesOn = seen.some(({ range }) => range === `bytes=${stood}-`);
    if (error !== null && free > 0 && !(stood > 0 && goesOn))
      tally.losses.push(
        `${free} bytes: ${stood} stood, and the second download ${goesOn ? 'went on' : 'began anew'}`,
      );
  }
  return tally;
}

async function run<Again>(
  { way, size }: FullDisk,
  task: { disk: string; at: Place | 'download'; [rest: string]: unknown },
): Promise<Told<Again>[]> {
  const child = spawnOnSmallDisk(way, {
    disk: task.disk,
    size,
    script,
    task: JSON.stringify({ ...task, way }),
  });
  if (!child.stdout) throw new Error('no output');
  const lines = (await text(child.stdout)).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

function tallyOf(told: readonly Told<unknown>[], name: string): Tally {
  const losses: string[] = [];
  for (const { free, error, ours, left } of told) {
    if (error !== null && !(ours && /room|space|full/.test(error)))
      losses.push(`${name}, ${free}: says ${error}`);
    if (left.length) losses.push(`${name}, ${free}: left behind ${left.join(', ')}`);
  }
  return {
    tries: told.length,
    refused: told.filter(({ error }) => error !== null).length,
    losses,
    hangs: told.filter(({ seconds }) => seconds > HANG_S).length,
    worstSeconds: Math.max(0, ...told.map(({ seconds }) => seconds)),
  };
}

/** So many sizes from nothing to the largest, evenly spread. */
export function upTo(most: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => Math.round((n * most) / Math.max(1, count - 1)));
}
