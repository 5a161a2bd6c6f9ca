import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type Sample, sampleOf } from './soak-samples.js';

const script = fileURLToPath(new URL('./soak-once.mjs', import.meta.url));
const originals = fileURLToPath(new URL('../../images/', import.meta.url));
const SAMPLE_MS = 2000;
/** Pictures that are added, changed and removed in each round: of each so many. */
const CHANGES = 3;
const ROUND_MS = 120_000;

export interface Soak {
  rounds: number;
  samples: Sample[];
  /** Rounds that did not find the changes that were made, or could not read a picture. */
  wrong: string[];
  slowestRoundMs: number;
}

export interface SoakOptions {
  minutes: number;
  /** Keeps every answer: a leak on purpose. */
  keep?: boolean;
  /** Gets each sample as a line, so that a long run can be looked at. */
  log?: string;
}

/**
 * Lets one process index, ask and explore over an embedded store, round after round, while pictures come, change and go;
 * looks at the whole family from outside, so that the measuring is none of what is measured.
 */
export async function soak({ minutes, keep = false, log }: SoakOptions): Promise<Soak> {
  const folder = await mkdtemp(join(tmpdir(), 'lookbook-soak-'));
  const images = join(folder, 'images');
  await mkdir(images);
  const demo = await openDemo(images);
  await Promise.all(demo.names.map(demo.draw));
  const config = {
    name: `soak-${process.pid}`,
    images,
    chroma: join(folder, 'store'),
    masks: join(folder, 'masks'),
  };
  const child = spawn(process.execPath, [script, JSON.stringify(config), ...(keep ? ['keep'] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LOOKBOOK_DERIVED: join(folder, 'derived') },
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const result: Soak = { rounds: 0, samples: [], wrong: [], slowestRoundMs: 0 };
  const start = performance.now();
  const look = (): void => {
    const sample = sampleOf(child.pid!, (performance.now() - start) / 60_000);
    result.samples.push(sample);
    if (log) appendFileSync(log, `${JSON.stringify({ rounds: result.rounds, ...sample })}\n`);
  };
  const timer = setInterval(look, SAMPLE_MS);
  try {
    await lines.next(); // it is open
    for (let round = 0; performance.now() - start < minutes * 60_000; round++) {
      const changes = round === 0 ? demo.names.length : await change(images, demo, round);
      const began = performance.now();
      child.stdin!.write(`${round}\n`);
      const answer = await within(ROUND_MS, lines.next(), child);
      result.slowestRoundMs = Math.max(result.slowestRoundMs, performance.now() - began);
      const { changed, failed } = JSON.parse(answer) as { changed: number; failed: unknown[] };
      if (changed !== changes || failed.length > 0) result.wrong.push(`${changes} changes: ${answer}`);
      result.rounds++;
    }
    child.stdin!.end();
    await new Promise((resolve) => child.once('close', resolve));
  } finally {
    clearInterval(timer);
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
  return result;
}

/** The demo pictures, each drawn anew as often as is wanted: no two pictures are ever the same. */
async function openDemo(images: string): Promise<Demo> {
  const files = (await readdir(originals, { recursive: true })).filter((file) =>
    /\.(jpg|png|webp)$/.test(file),
  );
  let drawn = 0;
  return {
    names: files.map((_, n) => `${n}.jpg`),
    async draw(name) {
      const serial = drawn++;
      const picture = await sharp(join(originals, files[serial % files.length]!))
        .modulate({ hue: (serial * 61) % 360 })
        .jpeg()
        .withExif({ IFD0: { ImageDescription: `${serial}` } })
        .toBuffer();
      await writeFile(join(images, name), picture);
    },
  };
}

interface Demo {
  /** Of the pictures that are there, the oldest first. */
  names: string[];
  draw(name: string): Promise<void>;
}

/** Removes some pictures, changes some and adds some. @returns how many changes an index must find. */
async function change(images: string, { names, draw }: Demo, round: number): Promise<number> {
  const gone = names.splice(0, CHANGES);
  const changed = names.slice(0, CHANGES);
  const added = gone.map((_, n) => `new-${round}-${n}.jpg`);
  await Promise.all([...changed, ...added].map(draw));
  await Promise.all(gone.map((name) => rm(join(images, name))));
  names.push(...added);
  return 3 * CHANGES;
}

async function within(
  ms: number,
  line: Promise<IteratorResult<string>>,
  child: ChildProcess,
): Promise<string> {
  const late = setTimeout(() => child.kill('SIGKILL'), ms);
  try {
    const { value, done } = await line;
    if (done) throw new Error(`the process ended: exit code ${child.exitCode}, signal ${child.signalCode}`);
    return value;
  } finally {
    clearTimeout(late);
  }
}
