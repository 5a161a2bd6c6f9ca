import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '#lib/arithmetic/seeded.js';
import { decode } from '#lib/decoders/image.js';
import { imageIdOfBytes } from '#lib/picture-bytes.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { hostile } from './pictures-hostile.js';
import { type Mutant, mutants } from './pictures-mutated.js';
import { originals } from './pictures-originals.js';
import { campaign, WANTED } from './pictures-watched.js';

/** The cut of test/long/pictures.test.ts, which tries 20,000. */
const MUTANTS = 240;
const GIGABYTE = 1e9;
/** Ten seconds on an idle machine. */
const BUSY = { timeout: 400_000 };

// One second of CPU instead of five, so that what burns without end is done with sooner. Read when the first is decoded.
process.env.LOOKBOOK_DECODE_SECONDS = '1';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.clear());

function some(items: Generator<Mutant>, count: number): Mutant[] {
  return Array.from({ length: count }, () => items.next().value);
}

/** Pixels of uint8[n, 3] that are red. */
function reds(data: Uint8Array): number {
  return data.filter((value, i) => i % 3 === 0 && value > 200 && data[i + 1]! < 60).length;
}

/** What is seen of a sound picture, to the last pixel. */
async function seen({ bytes }: { bytes: Buffer }): Promise<unknown> {
  const { facts, inputs, working } = await decode(bytes, WANTED);
  return { facts, pixels: [...inputs, working!].map(({ data }) => imageIdOfBytes(data)) };
}

/**
 * Mutation of the guard in decoders/guard.ts (nothing is ever over): svg-filtered-uses runs to the clock's end, svg-data-bomb
 * takes the memory to 1.6 GB. With LOOKBOOK_DECODERS=0 svg-filtered-uses hangs this process itself.
 */
describe('files made to harm', () => {
  it(
    'are read or named with a reason, in bounded memory, and leave the next picture as it is',
    BUSY,
    async () => {
      const all = await originals();
      const good = await Promise.all(all.map(seen));
      const files = hostile(all, { url: 'http://127.0.0.1:9', file: 'file:///nowhere.png' });
      const { wrong, memory, reasons } = await campaign(files);
      expect(wrong).toEqual([]);
      expect(memory).toBeLessThan(GIGABYTE);
      expect(reasons.get('svg-filtered-uses.svg')).toContain('more than 1 s of work');
      expect(reasons.get('svg-data-bomb.svg')).toMatch(/more than (385 MB of memory|1 s of work)/);
      expect(reasons.get('png-claims-4-billion.png')).toContain('too large: 65535 × 65535');
      for (const name of ['png-fat-text.png', 'png-1-by-65000.png', 'png-65000-by-1.png'])
        expect(reasons.get(name)).toBeNull();
      expect(await Promise.all(all.map(seen))).toEqual(good);
    },
  );

  /** A sharp that is given the path instead of the bytes, as at the end, shows what lies beside it. */
  it('reach neither files nor the network, and run nothing', BUSY, async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const folder = await mkdtemp(join(tmpdir(), 'lookbook-secret-'));
    try {
      const secret = join(folder, 'secret.png');
      await writeFile(
        secret,
        await sharp({ create: { width: 64, height: 64, channels: 3, background: '#f00' } })
          .png()
          .toBuffer(),
      );
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
      const files = hostile(await originals(), { url, file: `file://${secret}` }).filter(({ name }) =>
        /^svg-(image|entity|style|include)/.test(name),
      );
      expect(files).toHaveLength(6);
      const beside = Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><image href="secret.png" width="64" height="64"/></svg>',
      );
      for (const bytes of [...files.map((file) => file.bytes), beside]) {
        const shown = await decode(bytes, WANTED).catch(() => null); // refused is right too
        expect(reds(shown?.working?.data ?? new Uint8Array())).toBe(0);
      }
      await writeFile(join(folder, 'beside.svg'), beside);
      const careless = sharp(join(folder, 'beside.svg')).flatten({ background: '#fff' });
      expect(reds(await careless.raw().toBuffer())).toBe(64 * 64);
      expect(asked).toEqual([]);
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Mutation: an error of `decode` that ends the run, or a `catch` that forgets its file, breaks the sums. */
describe('pictures with damage', () => {
  it(
    'are each indexed or named, and the sound ones among them are found as if they were alone',
    BUSY,
    async () => {
      const all = await originals();
      const files = some(mutants(all, seeded(8)), MUTANTS);
      const outcome = await campaign(files);
      expect(outcome.wrong).toEqual([]);
      expect(outcome.memory).toBeLessThan(GIGABYTE);
      for (const { name, bytes } of files) await room.write(`damaged/${name}`, bytes);
      for (const { name, ending, bytes } of all) await room.write(`sound/${name}.${ending}`, bytes);
      const report = await room.index();
      const failed = report.failed.map(({ path }) => path.split('/').at(-1)!).sort();
      const refused = files
        .filter(({ name }) => outcome.reasons.get(name) !== null)
        .map(({ name }) => name)
        .sort();
      expect(failed).toEqual(refused);
      expect(report.failed.every(({ reason }) => reason.startsWith('[decode] '))).toBe(true);
      expect(report.added + failed.length).toBe(files.length + all.length);
      expect(refused.length).toBeGreaterThan(MUTANTS / 4);
      expect(refused.length).toBeLessThan(MUTANTS);
    },
  );
});

/** Mutation: without the limit in picture-bytes.ts 600 MB are read, and then named as no picture. */
it('a file of 600 MB is named without being read', async () => {
  await room.write('gigantic.png', '');
  await truncate(join(room.images, 'gigantic.png'), 600e6);
  await room.draw('a.png', 'red');
  const report = await room.index();
  expect(report).toMatchObject({ added: 1, failed: [{ reason: expect.stringContaining('600 MB') }] });
  expect(report.failed[0]!.reason).toContain('[read] the file is too large');
});
