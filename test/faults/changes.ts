/** Runs of the indexer over a folder that another process changes all the while, and what is wrong afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type IndexReport, type LookbookConfig, openLookbook } from '#lib/index.js';
import { imageIdOf } from '#lib/rows.js';
import { differences, type KillPlace, type State, stateOf } from './kill-room.js';

const changer = fileURLToPath(new URL('./changes-once.mjs', import.meta.url));
const indexer = fileURLToPath(new URL('./index-once.mjs', import.meta.url));
/** A disturbed run that takes longer counts as hanging. */
const HANG_MS = 120_000;
/** For whom permissions mean nothing, the indexer runs as nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const SAME_VECTOR = 1e-5;

export interface Disturbance {
  rounds: number;
  /** Pictures on the disk at a time; the pool that they are taken from holds half as many more. */
  pictures: number;
  seed: number;
}

export interface Aftermath {
  /** What is wrong, in words. */
  wrong: string[];
  changes: number;
  /** Pictures that were stored of files that were being written: right for the bytes that were read. */
  torn: number;
  hangs: number;
  worstSeconds: number;
}

/** What the disturbing process tells at its end. */
interface Told {
  operations: Record<string, number>;
  always: string[];
  onDisk: string[];
}

/** Each round: a disturbed run, a quiet one, and an undisturbed one in another place to compare with. */
export async function disturb({ rounds, pictures, seed }: Disturbance): Promise<Aftermath> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-changes-'));
  const [images, pool] = [join(folder, 'images'), join(folder, 'pool')];
  const found: Aftermath = { wrong: [], changes: 0, torn: 0, hangs: 0, worstSeconds: 0 };
  let places = 0;
  const place = async (source = images): Promise<KillPlace> => {
    const own = join(folder, `place-${places++}`);
    await mkdir(own);
    await chmod(own, 0o777);
    const config: LookbookConfig = { name: 'changed', images: source, batchSize: 4 };
    return { folder: own, config: { ...config, chroma: `flat:${own}/store`, masks: join(own, 'masks') } };
  };
  try {
    await chmod(folder, 0o755);
    for (const below of [images, pool]) await mkdir(below);
    for (let n = 0; n < 1.5 * pictures; n++) {
      const bytes = await disc(n);
      await writeFile(join(pool, `${n}.png`), bytes);
      if (n < pictures) await writeFile(join(images, `${n}.png`), bytes);
    }
    const pooled = await place(pool);
    await indexHere(pooled);
    const truth = rowsOf(await stateOf(pooled));
    const attacked = await place();
    await index(attacked).report;
    for (let round = 0; round < rounds; round++) {
      const before = picturesOf(await stateIn(attacked));
      const start = performance.now();
      const told = await disturbed(attacked, { images, pool, seed: seed + round }).catch((error: Error) => {
        if (error.message === 'hangs') found.hangs++;
        throw error;
      });
      found.worstSeconds = Math.max(found.worstSeconds, (performance.now() - start) / 1000);
      for (const count of Object.values(told.operations)) found.changes += count;
      const state = await stateIn(attacked);
      const say = (sentence: string): unknown => found.wrong.push(`round ${round}: ${sentence}`);
      for (const [id, vector] of rowsOf(state)) {
        const right = truth.get(id);
        if (!right) found.torn += id.includes(':') ? 0 : 1;
        else if (!isSame(right, vector)) say(`${id} has another picture's vector`);
      }
      const stored = picturesOf(state);
      for (const id of told.always)
        if (before.has(id) && !stored.has(id)) say(`${id} was lost, though it lay on the disk all the time`);
      const quiet = await index(attacked, { allowRemoval: true }).report;
      if (quiet.failed.length) say(`the quiet run failed on ${JSON.stringify(quiet.failed[0])}`);
      const whole = await place();
      await indexHere(whole);
      const [expected, got] = [await stateOf(whole), await stateIn(attacked)];
      for (const difference of differences(inOrder(expected), inOrder(got))) say(difference);
      if (picturesOf(got).size !== told.onDisk.length) say('other pictures stand than lie on the disk');
      await rm(whole.folder, { recursive: true });
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Changes go on for as long as the run does. @throws Error 'hangs' when that is too long. */
async function disturbed(
  place: KillPlace,
  task: { images: string; pool: string; seed: number },
): Promise<Told> {
  const changes = spawn(process.execPath, [changer, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(changes.stdout, 'data');
  const heard = text(changes.stdout);
  const run = index(place);
  try {
    await run.report;
  } finally {
    changes.stdin.end();
    run.child.kill('SIGKILL');
  }
  return JSON.parse(await heard);
}

/** Of a copy of the store: who opens one may write its file anew, which is then no longer the indexer's. */
async function stateIn({ folder, config }: KillPlace): Promise<State> {
  const copy = join(folder, 'copy');
  await cp(join(folder, 'store'), copy, { recursive: true });
  try {
    return await stateOf({ folder, config: { ...config, chroma: `flat:${copy}` } });
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** An undisturbed run, in this process. */
async function indexHere({ config }: KillPlace): Promise<void> {
  const book = await openLookbook(config);
  await book.index().finally(() => book.close());
}

/** A run in a process of its own, whose catalogue lies with its store. */
function index(
  place: KillPlace,
  more: LookbookConfig = {},
): { child: ChildProcess; report: Promise<IndexReport> } {
  const config = JSON.stringify({ ...place.config, ...more });
  const env = { ...process.env, HOME: place.folder, LOOKBOOK_DERIVED: join(place.folder, 'derived') };
  const child = spawn(process.execPath, [indexer, config], {
    ...NOBODY,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const report = text(child.stdout).then((heard) => {
    clearTimeout(late);
    const line = heard.split('\n').find((each) => each.startsWith('report '));
    if (!line) throw new Error(child.signalCode ? 'hangs' : `the run gave no report: ${heard.slice(-500)}`);
    return JSON.parse(line.slice('report '.length));
  });
  return { child, report };
}

/** Uncompressed, so that all are of one size. */
function disc(n: number): Promise<Buffer> {
  const colour = `hsl(${(n * 137) % 360}, ${40 + (n % 5) * 12}%, ${30 + (n % 7) * 7}%)`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/><circle cx="${30 + (n % 37)}" cy="48" r="${18 + (n % 11)}" fill="${colour}"/></svg>`;
  return sharp(Buffer.from(svg)).png({ compressionLevel: 0 }).toBuffer();
}

/** Rows of all collections: id → vector; those of pictures and of segments never share an id. */
function rowsOf(state: State): Map<string, Float32Array> {
  const rows = new Map<string, Float32Array>();
  for (const own of state.rows.values()) for (const [id, { vector }] of own) rows.set(id, vector);
  return rows;
}

function picturesOf(state: State): Set<string> {
  const ids = [...rowsOf(state).keys()];
  return new Set(ids.filter((id) => !id.includes(':')).map((id) => imageIdOf(`${id}:`)));
}

/** Copies of one picture are listed in the order in which they were met. */
function inOrder(state: State): State {
  for (const rows of state.rows.values())
    for (const { metadata } of rows.values())
      if (typeof metadata.places === 'string')
        metadata.places = JSON.stringify(JSON.parse(metadata.places).map(String).sort());
  return state;
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= SAME_VECTOR);
}
