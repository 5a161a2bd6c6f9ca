import type { MapPageData, MapPageField } from '../map-data.js';
import { atob, part } from './browser.js';

/** All points of the map as the page holds them. */
export interface Points extends Omit<MapPageData, 'places' | 'label' | 'number' | 'relevance' | 'tile'> {
  x: Float32Array;
  y: Float32Array;
  label: Int32Array;
  number: Int32Array;
  relevance: Float32Array;
  tile: Int32Array;
}

export function readPoints(): Points {
  const data = JSON.parse(part('data').textContent!) as MapPageData;
  const places = new Float32Array(bytesOf(data.places));
  const { count, label, number, relevance, tile, ...rest } = data;
  return {
    ...rest,
    count,
    x: Float32Array.from({ length: count }, (_, index) => places[2 * index]!),
    y: Float32Array.from({ length: count }, (_, index) => places[2 * index + 1]!),
    label: new Int32Array(bytesOf(label)),
    number: new Int32Array(bytesOf(number)),
    relevance: new Float32Array(bytesOf(relevance)),
    tile: new Int32Array(bytesOf(tile)),
  };
}

export function codesOf(field: MapPageField): Uint8Array {
  return new Uint8Array(bytesOf(field.codes));
}

/** What a point is called in the text of a selection. */
export function lineOf(points: Points, index: number): string {
  const line = points.lines[index] ?? points.titles[index]!;
  return points.ids ? `${line} #${points.ids[index]!}` : line;
}

/** What is said of a point, a fact a line; long paths lose their middle. */
export function wordsOf(points: Points, index: number, group: string | null): string[] {
  const label = points.labels[points.label[index]!];
  const relevance = points.relevance[index]!;
  return [
    shortened(points.titles[index]!, 90),
    ...(label === undefined ? [] : [shortened(label, 60)]),
    ...(group === null || group === label ? [] : [shortened(group, 60)]),
    ...(relevance < 0 ? [] : [`relevance ${Math.round(relevance * 100)} %`]),
    ...(points.number[index]! > 0 ? [`hit ${points.number[index]}`] : []),
  ];
}

export function shortened(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, Math.ceil(length / 2))}…${text.slice(-Math.floor(length / 2))}`;
}

function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}
