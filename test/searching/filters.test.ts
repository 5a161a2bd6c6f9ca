import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import sharp, { type Exif } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineConfig } from '#lib/config.js';
import { decode } from '#lib/decoders/image.js';
import { placesOf, segmentsDone } from '#lib/rows.js';
import { isWhere, problemsOfFilter } from '#lib/searching/filter-check.js';
import { type FilterPlan, planFilter } from '#lib/searching/filters.js';
import { type Near, nearestPictures, nearestSegments } from '#lib/searching/nearest.js';
import type { Filter, Place, VectorCollection, Where } from '#lib/types.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from '#lib/workshop.js';
import { openRoom, type Room } from '../indexing/pictures.js';

const locate = ({ root, path }: Place): string => resolve(root, path);

interface Drawn {
  colour: string;
  width?: number;
  height?: number;
  exif?: Exif;
}

const leica: Exif = {
  IFD0: { Make: 'Leica', Model: 'M3' },
  IFD2: { DateTimeOriginal: '2023:05:17 10:30:00' },
  // The Tower of London.
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '51/1 30/1 2900/100',
    GPSLongitudeRef: 'W',
    GPSLongitude: '0/1 4/1 3400/100',
  },
};
const canon: Exif = {
  IFD0: { Make: 'Canon', Model: 'EOS 5D' },
  IFD2: { DateTimeOriginal: '2022:12:31 23:59:59' },
  // The observatory of Greenwich, 6.6 km from the Tower.
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '51/1 28/1 4012/100',
    GPSLongitudeRef: 'W',
    GPSLongitude: '0/1 0/1 531/100',
  },
};
const lost: Exif = {
  IFD0: { Make: 'Leica', Model: 'Q2' },
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '0/0 0/0 0/0',
    GPSLongitudeRef: 'W',
    GPSLongitude: '1/1 0/1 0/1',
  },
};

const PICTURES: Record<string, Drawn> = {
  'holiday/2024/beach.jpg': { colour: 'gold', width: 160, exif: leica },
  'holiday/2024/IMG_1.png': { colour: 'green', height: 160 },
  'holiday/2023/img_2.webp': { colour: 'blue' },
  'holiday 2/late.jpg': { colour: 'teal', width: 320, height: 200 },
  'work/IMG_3.jpg': { colour: 'red', width: 160, exif: canon },
  'work/[draft].png': { colour: 'purple' },
  'top.jpg': { colour: 'orange', exif: lost },
};

async function drawn(path: string, { colour, width = 96, height = 96, exif }: Drawn): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/><circle cx="${width / 2}" cy="${height / 2}" r="30" fill="${colour}"/></svg>`;
  const format = path.endsWith('.jpg') ? 'jpeg' : path.endsWith('.webp') ? 'webp' : 'png';
  const picture = sharp(Buffer.from(svg)).toFormat(format);
  return (exif ? picture.withExif(exif) : picture).toBuffer();
}

describe.each(['flat', 'chroma'] as const)('a filter over a %s store', (store) => {
  let room: Room;
  let workshop: OpenWorkshop;
  let pictures: VectorCollection;
  let segments: VectorCollection;
  let start: number;

  beforeAll(async () => {
    room = await openRoom(store);
    for (const [path, picture] of Object.entries(PICTURES))
      await room.write(path, await drawn(path, picture));
    await copyFile(join(room.images, 'top.jpg'), join(room.images, 'work/twin of top.jpg'));
    start = Date.now();
    await room.index();
    await reopen();
  });
  afterAll(async () => {
    await closeWorkshop(workshop);
    await room.clear();
  });

  /** Nothing that was read before is remembered. */
  async function reopen(): Promise<void> {
    if (workshop) await closeWorkshop(workshop);
    workshop = await openWorkshop(defineConfig(room.config));
    pictures = workshop.pictures;
    segments = workshop.segments!;
  }

  const plan = (filter: Filter | Where): Promise<FilterPlan> => {
    expect(problemsOfFilter(filter)).toEqual([]);
    return planFilter(filter, { pictures, segments, locate });
  };

  /** The first paths of the pictures that answer; both collections must agree on them. */
  async function passing(filter: Filter | Where): Promise<string[]> {
    const planned = await plan(filter);
    const vector = (await workshop.encoder.embedTexts!(['red']))[0]!;
    const near = await nearestPictures(vector, 50, { from: pictures, plan: planned });
    const parts = await nearestSegments(vector, 50, { from: segments, plan: planned });
    const rows = await pictures.get(near.map(({ id }) => id));
    const holders = rows.filter(({ metadata }) => Number(metadata[segmentsDone(segments.fingerprint)]) > 0);
    expect(new Set(parts.map(({ id }) => id.split(':')[0]))).toEqual(new Set(holders.map(({ id }) => id)));
    expect(isInOrder(near) && isInOrder(parts)).toBe(true);
    return rows.map(({ metadata }) => placesOf(metadata)[0]!.path).sort();
  }

  async function idAt(path: string): Promise<string> {
    for await (const page of pictures.pages())
      for (const { id, metadata } of page)
        if (placesOf(metadata).some((place) => place.path === path)) return id;
    throw new Error(`nothing lies at ${path}`);
  }

  const all = Object.keys(PICTURES).sort();
  const [beach, img1, img2, late, img3, draft, top] = Object.keys(PICTURES) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];

  it.each<[string, Filter, string[]]>([
    [
      'a folder with what lies below it, never one whose name only begins so',
      { folder: 'holiday' },
      [beach, img1, img2],
    ],
    ['a folder written with steps and slashes', { folder: './holiday/2024/' }, [beach, img1]],
    [
      'several folders, and every place of a picture',
      { folder: ['holiday/2023', 'work'] },
      [img2, img3, draft, top],
    ],
    ['a glob on the name', { name: 'img_*' }, [img1, img2, img3]],
    ['a name of two endings', { name: '*.{png,webp}' }, [img1, img2, draft]],
    ['a name with letters that mean something in a glob', { name: '\\[draft\\].png' }, [draft]],
    ['the name of a copy', { name: 'twin*' }, [top]],
    ['a year', { taken: { from: '2023', to: '2023' } }, [beach]],
    ['up to the last second of a year', { taken: { to: '2022' } }, [img3]],
    ['from a minute on', { taken: { from: '2023-05-17T10:30' } }, [beach]],
    ['after a minute', { taken: { from: '2023-05-17T10:31' } }, []],
    ['a Date', { taken: { from: new Date('2022-12-31T23:59:59Z') } }, [beach, img3]],
    ['a part of a camera', { camera: 'leica' }, [beach, top]],
    ['a whole camera', { camera: { is: 'Leica M3' } }, [beach]],
    ['a whole camera in other letters', { camera: { is: 'leica m3' } }, []],
    ['a least width', { size: { minWidth: 160 } }, [beach, img3, late]],
    ['pixels', { size: { minPixels: 160 * 96, maxPixels: 160 * 96 } }, [beach, img1, img3]],
    ['an orientation', { orientation: 'portrait' }, [img1]],
    ['several orientations', { orientation: ['portrait', 'square'] }, [img1, img2, draft, top]],
    ['a format by another name', { format: 'JPG' }, [beach, img3, late, top]],
    ['several formats', { format: ['png', 'webp'] }, [img1, img2, draft]],
    ['a circle on the earth', { near: { latitude: 51.508, longitude: -0.0761, km: 6 } }, [beach]],
    ['a larger circle', { near: { latitude: 51.508, longitude: -0.0761, km: 7 } }, [beach, img3]],
    ['drawings', { photograph: false }, all],
    ['several parts at once', { folder: 'holiday', format: 'jpeg', camera: 'M3' }, [beach]],
    ['nothing but empty parts', {}, all],
  ])('takes %s', async (_, filter, wanted) => {
    expect(await passing(filter)).toEqual([...wanted].sort());
  });

  it('takes a folder by its absolute path, and its source by its own', async () => {
    expect(await passing({ folder: join(room.images, 'work') })).toEqual([img3, draft, top].sort());
    expect(await passing({ folder: `${room.images}/` })).toEqual(all);
    expect(await passing({ folder: join(room.folder, 'imag') })).toEqual([]);
  });

  it('takes what was added since', async () => {
    expect(await passing({ addedSince: new Date(start) })).toEqual(all);
    expect(await passing({ addedSince: new Date(Date.now() + 1000) })).toEqual([]);
  });

  it('takes pictures by the number of their segments', async () => {
    const rows = await pictures.get([...(await plan({ segments: { from: 1 } })).allowed!.keys()]);
    const marker = segmentsDone(segments.fingerprint);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ metadata }) => Number(metadata[marker]) >= 1)).toBe(true);
    const counts = [0, 1, 2, 3, 4].map(async (n) => (await passing({ segments: { from: n, to: n } })).length);
    const many = (await passing({ segments: { from: 5 } })).length;
    expect((await Promise.all(counts)).reduce((sum, n) => sum + n, many)).toBe(all.length);
  });

  it('takes pictures that hold a segment of a label', async () => {
    const [blue, red] = [await idAt(img2), await idAt(img3)];
    await segments.setMetadata([
      { id: `${blue}:0`, metadata: { label: 'cat' } },
      { id: `${red}:0`, metadata: { label: 'dog' } },
    ]);
    expect(await passing({ label: 'Cat' })).toEqual([img2]);
    expect(await passing({ label: ['cat', 'dog'] })).toEqual([img2, img3].sort());
    expect(await passing({ label: 'cat', folder: 'work' })).toEqual([]);
    const none = await planFilter({ label: 'cat' }, { pictures, segments: null, locate });
    expect(none.allowed!.size).toBe(0);
  });

  it('says why nothing can answer', async () => {
    expect((await plan({ folder: 'holidays', format: 'jpeg' })).note).toBe(
      'No picture passes the filter: there is none with this folder.',
    );
    expect((await plan({ folder: 'holiday', name: 'top.jpg' })).note).toMatch(/^No picture passes all parts/);
    expect((await plan({ folder: 'holiday' })).note).toBeUndefined();
  });

  it('takes a tree of the store: facts on both kinds of row, or on one of them alone', async () => {
    expect(await passing({ field: 'format', is: 'png' })).toEqual([img1, draft].sort());
    expect(await plan({ field: 'format', is: 'png' })).not.toHaveProperty('allowed');
    const added: Where = {
      and: [
        { field: 'added', from: start },
        { field: 'width', from: 161 },
      ],
    };
    expect(await passing(added)).toEqual([late]);
    const some = await plan({
      and: [
        { field: 'area', from: 0 },
        { field: 'orientation', is: 'portrait' },
      ],
    });
    const vector = (await workshop.encoder.embedTexts!(['red']))[0]!;
    const wholes = await nearestPictures(vector, 50, { from: pictures, plan: some });
    expect(wholes.map(({ id }) => id)).toEqual([await idAt(img1)]);
    for (const { id } of await nearestSegments(vector, 50, { from: segments, plan: some }))
      expect(id.split(':')[0]).toBe(wholes[0]!.id);
  });

  it('holds for a search as a whole, which says why nothing passes', async () => {
    const book = await room.open();
    try {
      const where: Filter = { folder: 'holiday', orientation: ['landscape', 'portrait'] };
      const { hits } = await book.search({ text: 'a circle', where, minRelevance: 0, collapse: false });
      const found = hits.map(({ paths }) => paths[0]!.slice(room.images.length + 1));
      expect(found.sort()).toEqual([beach, img1].sort());
      const none = await book.search({ text: 'a circle', where: { camera: 'Nikon' }, minRelevance: 0 });
      expect(none.hits).toEqual([]);
      expect(none.note).toMatch(/there is none with this camera/);
      await expect(book.search({ text: 'a circle', where: { camra: 'x' } as Filter })).rejects.toThrow(
        /unknown fields camra in where \(known: folder, name, taken, camera/,
      );
    } finally {
      await book.close();
    }
  });

  it('sees what was moved, copied, added and removed since it last looked', async () => {
    const inside = join(room.images, 'moving/inside');
    await mkdir(inside, { recursive: true });
    expect(await passing({ folder: 'moving' })).toEqual([]);
    await rename(join(room.images, late), join(inside, 'late.jpg'));
    await copyFile(join(room.images, img1), join(inside, 'copy.png'));
    await writeFile(join(inside, 'new.png'), await drawn('new.png', { colour: 'navy' }));
    await room.index();
    expect(await passing({ folder: 'holiday 2' })).toEqual([]);
    expect(await passing({ folder: 'moving' })).toHaveLength(3);
    expect(await passing({ name: 'copy.png' })).toEqual([img1]);
    await rename(join(inside, 'late.jpg'), join(room.images, dirname(late), 'late.jpg'));
    await rm(join(room.images, 'moving'), { recursive: true });
    await room.index({ allowRemoval: true });
    expect(await passing({ folder: 'moving' })).toEqual([]);
    expect(await passing({ folder: 'holiday 2' })).toEqual([late]);
    expect(await passing({})).toEqual(all);
  });

  it('sees where a picture came back to that was away', async () => {
    expect(await passing({ folder: 'work' })).toContain(draft);
    const bytes = await readFile(join(room.images, draft));
    await rm(join(room.images, draft));
    await room.index();
    await room.write('elsewhere/back.png', bytes);
    await room.index();
    expect(await passing({ folder: 'work' })).toEqual([img3, top].sort());
    expect(await passing({ folder: 'elsewhere' })).toEqual(['elsewhere/back.png']);
    await rename(join(room.images, 'elsewhere/back.png'), join(room.images, draft));
    await room.index();
    expect(await passing({})).toEqual(all);
  });

  it('sees segments that were not done when it last looked', async () => {
    const id = await idAt(img2);
    const marker = segmentsDone(segments.fingerprint);
    const [row] = await pictures.get([id]);
    const count = Number(row!.metadata[marker]);
    // All were placed long ago, so that none is read again for that.
    const rows: string[] = [];
    for await (const page of pictures.pages()) rows.push(...page.map((one) => one.id));
    const placed = '2020-01-01T00:00';
    await pictures.setMetadata([
      ...rows.map((one) => ({ id: one, metadata: { placed } })),
      { id, metadata: { [marker]: null } },
    ]);
    await reopen();
    expect(await passing({ segments: { from: 0 } })).not.toContain(img2);
    await pictures.setMetadata([{ id, metadata: { [marker]: count } }]);
    expect(await passing({ segments: { from: count, to: count } })).toContain(img2);
    expect((await plan({ name: 'img_2.webp' })).allowed).toEqual(new Map([[id, count]]));
  });

  it('is resolved rightly for several who ask at once', async () => {
    const asked = ['holiday', 'work', 'holiday', 'holiday 2'].map((folder) => plan({ folder }));
    const sizes = (await Promise.all(asked)).map(({ allowed }) => allowed!.size);
    expect(sizes).toEqual([3, 3, 3, 1]);
  });

  it('passes no picture of an older index for a fact that its row lacks, and finds it by all others', async () => {
    const fields = { added: null, taken: null, camera: null, latitude: null, longitude: null };
    const id = await idAt(beach);
    const [before] = await pictures.get([id]);
    await pictures.setMetadata([{ id, metadata: fields }]);
    await room.index();
    await reopen();
    const kept = new Date(start);
    expect(await passing({ addedSince: kept })).not.toContain(beach);
    expect(await passing({ addedSince: kept })).toHaveLength(all.length - 1);
    expect(await passing({ taken: { from: '1990' } })).toEqual([img3]);
    expect(await passing({ camera: 'leica' })).toEqual([top]);
    expect(await passing({ near: { latitude: 51.508, longitude: -0.0761, km: 20_000 } })).toEqual([img3]);
    expect(await passing({ folder: 'holiday/2024', size: { minWidth: 100 } })).toEqual([beach]);
    await pictures.setMetadata([{ id, metadata: before!.metadata }]);
  });
});

function isInOrder(near: readonly Near[]): boolean {
  return near.every(({ score }, index) => index === 0 || near[index - 1]!.score >= score);
}

describe('where a picture was taken', () => {
  it('comes from its EXIF, and nothing does from a position that cannot be', async () => {
    const wanted = { preprocessings: [] };
    const facts = async (exif: Exif): Promise<unknown> =>
      (await decode(await drawn('a.jpg', { colour: 'red', exif }), wanted)).facts.place;
    expect(await facts(leica)).toEqual({ latitude: 51.5080556, longitude: -0.0761111 });
    expect(await facts(lost)).toBeUndefined();
    expect(await facts({ IFD0: { Make: 'Leica' } })).toBeUndefined();
  });
});

describe('a filter that cannot be used', () => {
  const problems = (where: unknown): string => problemsOfFilter(where).join('\n');

  it('is told all that is wrong with it, and what there is', () => {
    expect(
      problems({
        folders: 'a',
        folder: ['', '../b'],
        name: 'a/b',
        taken: { from: '2024', to: '2023' },
        camera: { make: 'Leica' },
        size: { minWidth: 5, maxWidth: 4, minPixels: 'many', depth: 3 },
        orientation: 'upright',
        format: [],
        label: 7,
        segments: { from: -1 },
        addedSince: '2023-02-30',
        near: { latitude: 91, longitude: 0 },
        photograph: 'yes',
      }),
    ).toMatchInlineSnapshot(`
      "unknown fields folders in where (known: folder, name, taken, camera, size, orientation, format, label, segments, addedSince, near, photograph)
      folder is an empty text
      folder "../b" has a step up (..), expected a folder below a source or an absolute path
      name "a/b" has a slash; folders are asked with folder
      taken runs from "2024" to "2023", backwards
      unknown fields make in camera (known: is)
      unknown fields depth in size (known: minWidth, maxWidth, minHeight, maxHeight, minPixels, maxPixels, minBytes, maxBytes)
      size.minPixels is "many", expected a number from 0
      size.minWidth is 5, more than size.maxWidth, 4
      orientation is "upright", expected landscape, portrait or square
      format is an empty list, which no picture passes
      label is 7, expected a text or a list of them
      segments.from is -1, expected a whole number from 0
      addedSince is "2023-02-30", expected a Date or ISO text such as '2023', '2023-05' or '2023-05-17'
      near.latitude is 91, expected a number from -90 up to 90
      near.km is missing, expected a number above 0 up to 25000
      photograph is "yes", expected true or false"
    `);
  });

  it.each([
    ['no object', 'holiday'],
    ['a list', [{ folder: 'a' }]],
    ['null', null],
    ['an empty range', { taken: {} }],
    ['a range of numbers for dates', { taken: { from: 2023 } }],
    ['a month that is none', { taken: { from: '2023-13' } }],
    ['a date as people write it', { addedSince: '17.05.2023' }],
    ['an unknown part of a range', { segments: { least: 2 } }],
    ['a Date that is none', { addedSince: new Date('nonsense') }],
    ['an empty camera', { camera: ' ' }],
    ['a distance of nothing', { near: { latitude: 0, longitude: 0, km: 0 } }],
    ['an empty size', { size: {} }],
  ])('%s is refused', (_, where) => {
    expect(problemsOfFilter(where)).toHaveLength(1);
  });

  it('in the form of the store is told the same way', () => {
    expect(
      problems({
        and: [
          { field: 'colour', is: 'red' },
          {
            or: [
              { field: 'label', is: 'cat' },
              { field: 'added', from: 1 },
            ],
          },
        ],
      }),
    ).toMatchInlineSnapshot(`
      "unknown fields colour in where (known: width, height, format, bytes, orientation, photograph, taken, camera, latitude, longitude, places, added, placed, phash, x, y, boxWidth, boxHeight, area, certainty, label, origin)
      where speaks of pictures (added) and of segments (label), and no row has both"
    `);
    expect(
      problems({
        and: [
          { field: 'width', is: 1, from: 2 },
          { field: 'width', from: 3, to: 2 },
          { field: '' },
          7,
          { field: 'width', oneOf: [null] },
        ],
      }),
    ).toMatchInlineSnapshot(`
      "width is asked with is and from, expected one of is, isNot, oneOf, from and to
      width runs from 3 to 2, backwards
      field is "" in where, expected the name of one
      a part of where is 7, expected an object
      width.oneOf is [null], expected a list of texts, numbers or true and false"
    `);
  });

  it('and the two forms are told apart by their fields', () => {
    expect(isWhere({ field: 'width', from: 1 })).toBe(true);
    expect(isWhere({ or: [] })).toBe(true);
    expect(isWhere({ folder: 'field' })).toBe(false);
    expect(isWhere({})).toBe(false);
    expect(problems({ and: [], folder: 'a' })).toContain('and and folder');
  });
});
