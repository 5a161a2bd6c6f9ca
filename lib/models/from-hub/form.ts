import type {
  DualEncoderManifest,
  ImageEncoderManifest,
  InstanceManifest,
  SemanticManifest,
} from '../manifest.js';
import type { HubFiles } from './files.js';
import { shown, textOf } from './json.js';

/** What every manifest of a hub repository gets alike, whatever the repository's form. */
type Common = 'name' | 'title' | 'licence' | 'terms' | 'source' | 'hub' | 'folder';

/** The rest of a manifest: what a repository's own files say. */
export type ManifestBody =
  | Omit<DualEncoderManifest, Common>
  | Omit<ImageEncoderManifest, Common>
  | Omit<SemanticManifest, Common>
  | Omit<InstanceManifest, Common>;

/** A repository that is being read. */
export interface HubRepository {
  files: HubFiles;
  /** A JSON file of it; undefined where there is none, and where it cannot be read, which is a fault. */
  json(path: string): Promise<unknown>;
  /** Everything that is wrong with it, in words; readers add to them and read on. */
  faults: string[];
}

/** Reads a repository of one form; undefined only where there are faults. */
export type ReadForm = (repository: HubRepository) => Promise<ManifestBody | undefined>;

/** A number of a config that sizes memory: whole, at least 1 and at most `most`; otherwise a fault. */
export function sizeOf(value: unknown, most: number, field: string, faults: string[]): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  faults.push(`${field} ${shown(value)}, not a whole number from 1 to ${most}`);
  return 1;
}

const MOST_LABELS = 100_000;
const LONGEST_LABEL = 200;

/** id2label { "0": "wall", … } as a list in the order of the ids, or undefined where it is none without gaps. */
export function labelsOf(id2label: unknown): string[] | undefined {
  if (typeof id2label !== 'object' || id2label === null) return undefined;
  const names = new Map<string, unknown>(Object.entries(id2label));
  if (names.size === 0 || names.size > MOST_LABELS) return undefined;
  const labels = Array.from({ length: names.size }, (_, id) => textOf(names.get(String(id)))?.trim());
  const sound = labels.filter((label): label is string => label !== undefined && isLabel(label));
  return sound.length === labels.length ? sound : undefined;
}

function isLabel(label: string): boolean {
  return (
    label.length > 0 && label.length <= LONGEST_LABEL && ![...label].some((character) => character < ' ')
  );
}
