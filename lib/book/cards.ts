import type { Settings } from '../config.js';
import { LookbookError, reasonOf } from '../errors.js';
import { highlightHits, type LazyHighlighter, lacksSegment } from '../highlighting.js';
import { readStored } from '../picture-bytes.js';
import { GROUPS_SHOWN } from '../rendering/duplicates.js';
import { placesOf, segmentsDone } from '../rows.js';
import { cardOfHit, cardOfPicture, type ShowOptions } from '../showing.js';
import type {
  Duplicates,
  Evaluation,
  Hit,
  IndexReport,
  PictureCard,
  SearchResult,
  StoredRecord,
} from '../types.js';
import type { OpenWorkshop } from '../workshop.js';
import { cardsOfIds, type Named } from './cards-of-ids.js';
import type { OwnLibrary } from './own-library.js';
import { locate } from './own-places.js';

/** What can be shown as cards. */
export type Shown = SearchResult | IndexReport | Duplicates | Evaluation | Named;

export interface CardSources {
  settings: Settings;
  workshop: OpenWorkshop;
  library: OwnLibrary;
  highlighter: LazyHighlighter | null;
  isClosed(): boolean;
}

/**
 * The hits of a search, some of the new pictures of a run, those of the first groups of duplicates, what the worst
 * queries of an evaluation found, or what clusters, outliers, coverage or a selection name.
 */
export async function cardsOf(of: Shown, sources: CardSources): Promise<PictureCard[]> {
  const { masks, allowPrivateUrls } = sources.settings;
  const segmenterFingerprint = sources.workshop.segmenter?.fingerprint ?? null;
  const options: ShowOptions = { masks, allowPrivateUrls, segmenterFingerprint };
  if ('ids' in of) return cardsOfIds(of, sources.workshop, options);
  if ('groups' in of || 'metric' in of) {
    const plain = { ...options, segmenterFingerprint: null };
    const pictures =
      'groups' in of
        ? of.groups.slice(0, GROUPS_SHOWN).flatMap((group) => group.pictures)
        : await worstFound(of, sources.workshop);
    return Promise.all(pictures.map((picture) => cardOfPicture({ ...picture, names: new Map() }, plain)));
  }
  if ('hits' in of) {
    const shown = { ...options, ...(await highlights(of, sources)) };
    return Promise.all(of.hits.map((hit, index) => cardOfHit(hit, index + 1, shown)));
  }
  const rows = await sources.workshop.pictures.get(of.sample);
  const names = await segmentNames(rows, sources);
  return Promise.all(
    rows.map(({ id, metadata }) =>
      cardOfPicture({ imageId: id, paths: placesOf(metadata).map(locate), names }, options),
    ),
  );
}

/** Words for the segments of some pictures, by segmentId. */
async function segmentNames(
  pictures: readonly StoredRecord[],
  { workshop: { segments, segmentsFingerprint }, library }: CardSources,
): Promise<Map<string, string>> {
  if (!segments || segmentsFingerprint === null) return new Map();
  const marker = segmentsDone(segmentsFingerprint);
  const ids = pictures.flatMap(({ id, metadata }) =>
    Array.from({ length: Number(metadata[marker] ?? 0) }, (_, n) => `${id}:${n}`),
  );
  const name = await library.namer();
  const rows = await segments.get(ids, { vectors: true });
  return new Map(
    rows
      .flatMap(({ id, vector }) => (vector ? [[id, name(vector) ?? ''] as const] : []))
      .filter(([, word]) => word),
  );
}

/** What the words of a question mean on the hits that no stored segment answers for. */
async function highlights(
  { hits, query }: SearchResult,
  { settings: { allowPrivateUrls }, highlighter: lazy, isClosed }: CardSources,
): Promise<Pick<ShowOptions, 'highlights' | 'noHighlights'>> {
  if (!lazy || !query.text || !hits.some(lacksSegment)) return {};
  const read = (hit: Hit): Promise<Uint8Array | null> =>
    readStored(hit.imageId, hit.paths, { allowPrivateUrls });
  try {
    const highlighter = await lazy.open();
    return { highlights: await highlightHits(hits, query.text, { highlighter, read }) };
  } catch (error) {
    // Pictures that were found are shown, whatever a model that only points things out comes to.
    if (isClosed() || !(error instanceof LookbookError)) throw error;
    return { noHighlights: reasonOf(error) };
  }
}

/** Pictures that the worst queries of an evaluation found, each once. */
async function worstFound(
  { queries }: Evaluation,
  { pictures }: OpenWorkshop,
): Promise<{ imageId: string; paths: string[] }[]> {
  const ids = queries?.worst.flatMap(({ first }) => first.map(({ imageId }) => imageId)) ?? [];
  const rows = await pictures.get([...new Set(ids)]);
  return rows.map(({ id, metadata }) => ({ imageId: id, paths: placesOf(metadata).map(locate) }));
}
