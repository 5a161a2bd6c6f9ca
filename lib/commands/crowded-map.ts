/** A made map of any size, as one of pictures looks: groups that overlap, labels, fields of each kind, a query with hits. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seeded } from '../arithmetic/seeded.js';
import { sprite, tile } from '../decoders/image.js';
import { projectPath } from '../paths.js';
import type { MapPoint, MapView, Sprite } from '../types.js';

const GROUPS = 40;
const LABELS = ['cat', 'dog', 'bicycle', 'sailing boat', 'mountain', 'cup', 'flower', 'car', 'tree', 'bird'];
const HITS = 12;
const TILE_PX = 72;
const YEAR_MS = 365.25 * 86_400_000;

/** A map of `count` points and the query's own, `tiles` of them with thumbnails; equal seeds give equal maps. */
export async function crowdedMap({
  count,
  tiles,
  seed,
}: Record<'count' | 'tiles' | 'seed', number>): Promise<MapView> {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const groups = Array.from({ length: GROUPS }, (_, n) => ({
    x: 0.1 + 0.8 * random(),
    y: 0.1 + 0.8 * random(),
    spread: 0.01 + 0.03 * random(),
    label: LABELS[n % LABELS.length]!,
  }));
  const inside = (value: number): number => Math.min(1, Math.max(0, value));
  const points = Array.from({ length: count }, (_, n): MapPoint => {
    // Squared, the first groups are the largest.
    const { x, y, spread, label } = groups[Math.floor(random() ** 2 * GROUPS)]!;
    return {
      id: n.toString(16).padStart(64, '0'),
      x: inside(x + spread * normal()),
      y: inside(y + spread * normal()),
      title: `collection/${label.replace(' ', '-')}s/${2015 + (n % 10)}/IMG_${String(n).padStart(6, '0')}.jpg`,
      kind: n < HITS ? 'hit' : 'plain',
      relevance: random() ** 4,
      ...(random() < 0.9 ? { label } : {}),
      ...(n < HITS ? { rank: n + 1 } : {}),
      ...(n < tiles ? { tile: n } : {}),
    };
  });
  const field = <Value>(of: (point: MapPoint, n: number) => Value): (Value | null)[] => [
    ...points.map(of),
    null,
  ];
  return {
    title: `${count} pictures, and “a sleeping cat”`,
    points: [
      ...points,
      { id: 'query', x: points[0]!.x, y: points[0]!.y, title: 'a sleeping cat', kind: 'query' },
    ],
    fields: [
      { name: 'folder', kind: 'category', values: field(({ title }) => title.split('/', 3).join('/')) },
      { name: 'date taken', kind: 'date', values: field((_, n) => 1.42e12 + (n % 10) * YEAR_MS) },
      {
        name: 'file size',
        kind: 'number',
        unit: 'bytes',
        values: field((_, n) => 20_000 + ((n * 7919) % 4e6)),
      },
      { name: 'relevance', kind: 'number', unit: 'share', values: field(({ relevance }) => relevance!) },
    ],
    sprite: await demoSprite(tiles),
  };
}

/** So many thumbnails of the demo pictures, again from the start where these end. */
async function demoSprite(count: number): Promise<Sprite> {
  const folder = projectPath('images');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.jpg')).sort();
  const tiles = await Promise.all(
    files.slice(0, count).map(async (file) => tile(await readFile(join(folder, file)), TILE_PX)),
  );
  return sprite(
    Array.from({ length: count }, (_, n) => tiles[n % tiles.length]!),
    TILE_PX,
  );
}
