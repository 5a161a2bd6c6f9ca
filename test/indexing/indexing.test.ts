import { copyFile, mkdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawing, openRoom, type Room, stateOf } from './pictures.js';

const COLOURS = [
  'red',
  'green',
  'blue',
  'gold',
  'purple',
  'black',
  'orange',
  'teal',
  'pink',
  'brown',
  'gray',
  'navy',
];

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.clear());

async function drawAll(count = COLOURS.length): Promise<void> {
  for (const colour of COLOURS.slice(0, count)) await room.draw(`${colour}.png`, colour);
}

async function pathsOf(): Promise<string[]> {
  const book = await room.open();
  const { hits } = await book.search({ text: 'red', k: 100, minRelevance: 0, collapse: false });
  await book.close();
  return hits
    .flatMap(({ paths }) => paths)
    .map((path) => path.slice(room.images.length + 1))
    .sort();
}

describe('a second run', () => {
  it('over an unchanged folder does nothing', async () => {
    await drawAll(3);
    expect(await room.index()).toMatchObject({ added: 3, kept: 0, failed: [] });
    expect(await room.index()).toMatchObject({
      added: 0,
      kept: 3,
      updated: 0,
      moved: 0,
      removed: 0,
      failed: [],
    });
  });

  it('without the catalogue hashes again but encodes nothing again', async () => {
    await drawAll(3);
    await room.index();
    await rm(join(process.env.LOOKBOOK_DERIVED!, 'catalogue'), { recursive: true });
    const report = await room.index();
    expect(report).toMatchObject({ added: 0, kept: 3 });
    expect(report.stages.encode).toBe(0);
  });

  it('after a file was touched keeps its embedding', async () => {
    await drawAll(2);
    await room.index();
    await utimes(join(room.images, 'red.png'), new Date(), new Date(2001, 1, 1));
    const report = await room.index();
    expect(report).toMatchObject({ added: 0, updated: 0, kept: 2 });
    expect(report.stages.encode).toBe(0);
  });
});

describe('a picture is its bytes', () => {
  it('a renamed file keeps its embedding', async () => {
    await drawAll(3);
    await room.index();
    await mkdir(join(room.images, 'deep/er'), { recursive: true });
    await rename(join(room.images, 'red.png'), join(room.images, 'deep/er/rosso.png'));
    const book = await room.open();
    expect(await book.estimate()).toMatchObject({ add: 0, move: 1, remove: 0, keep: 2 });
    const report = await book.index();
    await book.close();
    expect(report).toMatchObject({ added: 0, moved: 1, removed: 0, kept: 2 });
    expect(report.stages.encode).toBe(0);
    expect(await pathsOf()).toEqual(['blue.png', 'deep/er/rosso.png', 'green.png']);
  });

  it('a folder that is renamed whole is not a loss', async () => {
    for (const colour of COLOURS) await room.draw(`old/${colour}.png`, colour);
    await room.index();
    await rename(join(room.images, 'old'), join(room.images, 'new'));
    expect(await room.index()).toMatchObject({ moved: COLOURS.length, removed: 0, added: 0, notes: [] });
  });

  it('two equal files are one picture with two paths, and lose one path at a time', async () => {
    await room.draw('red.png', 'red');
    await copyFile(join(room.images, 'red.png'), join(room.images, 'twin.png'));
    await room.index();
    expect((await stateOf(room)).hits).toHaveLength(1);
    expect(await pathsOf()).toEqual(['red.png', 'twin.png']);
    await rm(join(room.images, 'red.png'));
    expect(await room.index()).toMatchObject({ removed: 0 });
    expect(await pathsOf()).toEqual(['twin.png']);
  });

  it('a file with new content is an update, and the old content is gone', async () => {
    await drawAll(2);
    await room.index();
    await room.draw('red.png', 'maroon');
    expect(await room.index()).toMatchObject({ updated: 1, added: 0, removed: 0, kept: 1 });
    expect((await stateOf(room)).hits).toHaveLength(2);
  });
});

describe('deletion is careful', () => {
  it('a deleted file is removed with its segments and masks', async () => {
    await drawAll(3);
    await room.index();
    await rm(join(room.images, 'red.png'));
    expect(await room.index()).toMatchObject({ removed: 1, kept: 2, notes: [] });
    expect(await pathsOf()).toEqual(['blue.png', 'green.png']);
  });

  it('an empty folder removes nothing and says so', async () => {
    await drawAll(4);
    await room.index();
    for (const colour of COLOURS.slice(0, 4)) await rm(join(room.images, `${colour}.png`));
    const report = await room.index();
    expect(report.removed).toBe(0);
    expect(report.notes.join(' ')).toMatch(/Nothing was removed: .* is empty now, 4 pictures lay there/);
    expect((await stateOf(room)).hits).toHaveLength(4);
  });

  it('most files gone at once removes nothing, until it is said to be meant', async () => {
    await drawAll();
    await room.index();
    for (const colour of COLOURS.slice(0, 11)) await rm(join(room.images, `${colour}.png`));
    expect(await room.index()).toMatchObject({ removed: 0, kept: 1 });
    expect(await room.index({ allowRemoval: true })).toMatchObject({ removed: 11, kept: 1 });
  });

  it('a folder whose pictures were all exchanged is doubted, however many the new ones are', async () => {
    for (let n = 0; n < 12; n++) await room.draw(`old-${n}.png`, `hsl(${n * 30}, 90%, 40%)`);
    await room.index();
    for (let n = 0; n < 12; n++) await rm(join(room.images, `old-${n}.png`));
    for (let n = 0; n < 20; n++) await room.draw(`new-${n}.png`, `hsl(${n * 18}, 50%, 70%)`);
    const report = await room.index();
    expect(report).toMatchObject({ added: 20, removed: 0 });
    expect(report.notes.join(' ')).toContain('12 of 12 pictures below');
  });

  it('a file that is there but cannot be looked at is not gone', async () => {
    await drawAll(3);
    await room.index();
    await rm(join(room.images, 'red.png'));
    await symlink(join(room.folder, 'unmounted/red.png'), join(room.images, 'red.png'));
    const report = await room.index();
    expect(report).toMatchObject({ removed: 0, kept: 2 });
    expect(report.failed).toHaveLength(1);
  });

  it('a removed picture takes along the segments of every segmenter', async () => {
    await drawAll(3);
    await room.index();
    await rm(join(room.images, 'red.png'));
    await room.index({ segmenter: null });
    const book = await room.open();
    const { hits } = await book.search({ text: 'red', k: 50, minRelevance: 0, collapse: false });
    const segments = (await book.collections()).find(({ facts }) => facts.of === 'segments');
    await book.close();
    expect(hits).toHaveLength(2);
    expect(segments!.count).toBe(hits.reduce((sum, { evidence }) => sum + evidence.segments.length, 0));
  });

  it('a root that is missing keeps its pictures', async () => {
    await drawAll(3);
    await room.draw('../second/red.png', 'tomato');
    const images = [room.images, join(room.folder, 'second')];
    await room.index({ images });
    await rename(images[1]!, `${images[1]}-unmounted`);
    const report = await room.index({ images });
    expect(report.removed).toBe(0);
    expect(report.notes.join(' ')).toContain('second is not there');
    expect((await stateOf(room)).hits).toHaveLength(4);
  });

  it('MAX_FILES limits additions, says so, and makes no old picture gone', async () => {
    await drawAll(3);
    await room.index();
    await drawAll(8);
    const report = await room.index({ maxFiles: 2 });
    expect(report).toMatchObject({ added: 2, kept: 3, removed: 0 });
    expect(report.notes.join(' ')).toContain('MAX_FILES left 3 new files');
    expect(await room.index()).toMatchObject({ added: 3, kept: 5 });
  });
});

describe('MAX_FILES', () => {
  it('does not count what is known: a renamed folder moves whole', async () => {
    for (const colour of COLOURS) await room.draw(`old/${colour}.png`, colour);
    await room.index();
    await rename(join(room.images, 'old'), join(room.images, 'new'));
    expect(await room.index({ maxFiles: 1 })).toMatchObject({ moved: COLOURS.length, removed: 0, notes: [] });
  });
});

describe('bad input', () => {
  it('is named with its reason, everything else is indexed, and the run ends well', async () => {
    await room.draw('good.png', 'red');
    await room.draw('name with spaces & "quotes" <script>alert(1)</script> 🦊\nnew line.png', 'blue');
    await room.draw('folder.png/inside.png', 'green');
    await room.write('empty.jpg', '');
    await room.write('words.jpg', 'only words');
    await room.write('cut.png', (await drawing('gold')).subarray(0, 200));
    await room.write('huge.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>');
    await room.write('._good.png', 'apple double');
    await room.write('.hidden/secret.png', await drawing('black'));
    await room.write('notes.txt', 'text');
    await symlink(room.images, join(room.images, 'loop'));
    const bytes = Buffer.concat([
      Buffer.from(`${room.images}/bad-`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('.png'),
    ]);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(bytes, await drawing('teal'));
    const report = await room.index();
    expect(report.added).toBe(3);
    expect(report.skipped).toEqual({ sidecar: 1, hidden: 1, 'extension .txt': 1 });
    const reasons = report.failed
      .map(({ path, reason }) => `${path.slice(room.images.length + 1)}: ${reason}`)
      .sort();
    expect(reasons).toHaveLength(7);
    expect(reasons[0]).toMatch(/^bad-.*not UTF-8/);
    expect(reasons[1]).toMatch(/^cut.png: \[decode\]/);
    expect(reasons[2]).toMatch(/^empty.jpg: .*the file is empty/);
    expect(reasons[3]).toMatch(/^folder.png: a folder with the name of a picture/);
    expect(reasons[4]).toMatch(/^huge.svg: .*too large: 30000 × 30000/);
    expect(reasons[5]).toMatch(/^loop: a link that leads back/);
    expect(reasons[6]).toMatch(/^words.jpg: .*unsupported image format/);
    expect((await stateOf(room)).hits).toHaveLength(3);
  });

  it('two equal bad files are both named', async () => {
    await room.draw('good.png', 'red');
    await room.write('a.jpg', '');
    await room.write('b.jpg', '');
    const report = await room.index();
    expect(report.added).toBe(1);
    expect(report.failed.map(({ path }) => path.slice(room.images.length + 1)).sort()).toEqual([
      'a.jpg',
      'b.jpg',
    ]);
  });

  it('what is no picture is named again without being read again, until it changes', async () => {
    await room.draw('good.png', 'red');
    await room.write('words.jpg', 'only words');
    await room.index();
    const again = await room.index();
    expect(again.failed).toHaveLength(1);
    expect(again.stages.decode).toBe(0);
    await room.write('words.jpg', await drawing('blue'));
    expect(await room.index()).toMatchObject({ added: 1, failed: [] });
  });

  it('a missing folder, an empty one, a wrong config: one error that says how to mend', async () => {
    await expect(room.index({ images: join(room.folder, 'nowhere') })).rejects.toThrow(
      /\[scan\] there is nothing at the place of the pictures: got .*nowhere.* Create it/,
    );
    await expect(room.index()).rejects.toThrow(
      /\[index\] there are no pictures: got none in .* Put pictures there/,
    );
    await expect(room.open({ batchSize: 0, minSegmentArea: 2, name: 'a b' })).rejects.toThrow(
      /3 problems.*name.*batchSize.*minSegmentArea/,
    );
    await expect(room.open({ encoder: 'clipp' })).rejects.toThrow(
      /no model of that name: got "clipp", expected one of .*pictoclip/,
    );
    await expect(room.open({ segmenter: 'pictoclip' })).rejects.toThrow(
      /pictoclip is none of the segmenters/,
    );
  });
});

describe('an empty lookbook', () => {
  it('says what to run first, to words and to pictures', async () => {
    const book = await room.open();
    expect((await book.search('fox')).note).toMatch(/^Nothing is indexed yet: run 01-index/);
    await expect(book.example()).rejects.toThrow(/nothing is indexed yet by pictoclip.*Run 01-index/);
    await book.close();
  });
});

describe('a mistaken config', () => {
  it('an empty text is not the project folder, and an unknown store is named', async () => {
    const empty = room.open({ images: '', chroma: '', maxFiles: Number('abc') });
    await expect(empty).rejects.toThrow(/images is empty.*chroma is empty.*maxFiles is NaN/);
    await expect(room.open({ chroma: 'ws://host' })).rejects.toThrow(
      /store is not understood: got "ws:\/\/host"/,
    );
  });
});

describe('sources', () => {
  it('a table names files and URLs; a dead URL is one line, a private address is refused unless allowed', async () => {
    const picture = await drawing('red');
    const server = createServer((request, response) => {
      if (request.url === '/red.png') response.end(picture);
      else if (request.url === '/away') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await room.draw('blue.png', 'blue');
    await room.write(
      'list.csv',
      `title,path\na,blue.png\nb,${host}/red.png\nc,${host}/dead.png\nd,${host}/away\ne,missing.png\n`,
    );
    const images = join(room.images, 'list.csv');
    try {
      const refused = await room.index({ images });
      expect(refused).toMatchObject({ added: 1 });
      expect(refused.failed.map(({ reason }) => reason).join(' ')).toContain('private network');
      const report = await room.index({ images, allowPrivateUrls: true });
      expect(report).toMatchObject({ added: 1, kept: 1 });
      expect(report.failed.map(({ path }) => path.replace(host, '').replace(room.images, ''))).toEqual([
        '/missing.png',
        '/dead.png',
        '/away',
      ]);
      expect(await room.index({ images, allowPrivateUrls: true })).toMatchObject({ added: 0, kept: 2 });
    } finally {
      server.close();
    }
  });

  it('EXCLUDE and EXTENSIONS leave files alone and count them', async () => {
    await drawAll(2);
    await room.draw('private/green.png', 'green');
    const report = await room.index({ exclude: ['private'], extensions: ['png'] });
    expect(report).toMatchObject({ added: 2, skipped: { excluded: 1 } });
  });
});

describe('one indexer at a time', () => {
  it('a second one is refused in a sentence, and a dead one is taken over', async () => {
    await drawAll(4);
    const book = await room.open();
    const both = await Promise.allSettled([book.index(), book.index()]);
    const refused = both.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(String(refused[0]!.reason)).toMatch(/another run is indexing room.* process \d+/);
    expect(await book.index()).toMatchObject({ kept: 4 });
    await book.close();
  });

  it('an interrupt stops at a batch edge, and the next run goes on from there', async () => {
    const count = 150;
    for (let n = 0; n < count; n++) await room.draw(`${n}.png`, `hsl(${2 * n}, 80%, 50%)`);
    const book = await room.open({ batchSize: 2 });
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done > 0) controller.abort();
    };
    const report = await book.index({ signal: controller.signal, onProgress });
    expect(report.interrupted).toBe(true);
    expect(report.added).toBeGreaterThan(0);
    expect(report.added).toBeLessThan(count);
    expect(await book.index()).toMatchObject({ added: count - report.added, kept: report.added, failed: [] });
    await book.close();
  });
});

describe('stages', () => {
  it('another segmenter redoes segments only; without one, pictures stand alone', async () => {
    await drawAll(3);
    const whole = await room.index({ segmenter: null });
    expect(whole).toMatchObject({ added: 3, segments: 0 });
    const report = await room.index();
    expect(report).toMatchObject({ added: 0, kept: 3 });
    expect(report.segments).toBeGreaterThan(0);
  });

  it('masks that were deleted are made again', async () => {
    await drawAll(2);
    await room.index();
    await rm(join(room.folder, 'masks'), { recursive: true });
    expect(await room.index()).toMatchObject({ added: 0, kept: 2, failed: [] });
    const book = await room.open();
    const cards = await book.cards(await book.search({ text: 'red', minRelevance: 0, collapse: false }));
    await book.close();
    expect(cards.every(({ outlines }) => outlines.length > 0)).toBe(true);
  });

  it('a thumbnail is never of another picture', async () => {
    await room.draw('red.png', 'rgb(251, 3, 7)'); // no other test has made a thumbnail of it
    await room.index();
    await room.draw('red.png', 'blue');
    const book = await room.open();
    const [card] = await book.cards(await book.search({ text: 'red', minRelevance: 0, collapse: false }));
    await book.close();
    expect(card!.width).toBe(8); // the grey tile: the picture is not there any more
  });

  it('names that frighten shells and pages come back as they are', async () => {
    const name = '$(touch x) `y` %00 ..; <img src=x> \u202Egnp.exe.png';
    await room.draw(name, 'red');
    await room.index();
    expect(await pathsOf()).toEqual([name]);
  });
});
