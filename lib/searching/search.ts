import { dot } from '../arithmetic/vectors.js';
import { decode } from '../decoders/image.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { isUrl, readSource } from '../picture-bytes.js';
import { factsOf, imageIdOf, placesOf, segmentOf } from '../rows.js';
import type {
  Encoder,
  Hit,
  SearchResult,
  SegmentEvidence,
  StoredRecord,
  VectorCollection,
  Where,
} from '../types.js';
import { nameOf } from './background.js';
import { EXAMPLE_SHARE, type Fused, fuse, PICTURE_SHARE } from './fusion.js';
import { type CheckedQuery, titleOf } from './query.js';
import {
  type Background,
  EXAMPLE_HALF_AT,
  HALF_AT,
  relevanceOf,
  type Standing,
  standing,
} from './relevance.js';

/** What a search works with. */
export interface Library {
  encoder: Encoder;
  pictures: VectorCollection;
  segments: VectorCollection | null;
  minSegmentArea: number;
  allowPrivateUrls: boolean;
  /** What a query of this kind is compared with. */
  background(kind: 'words' | 'pictures'): Promise<Background>;
  /** A place as a person can open it. */
  locate(place: { root: string; path: string }): string;
}

const NOTHING_INDEXED = 'Nothing is indexed yet: run 01-index with the same NAME, ENCODER and CHROMA first.';
/** Two vectors of one picture: a stored picture is no background to itself. */
const SAME = 0.9999;
/** Fewer than this are no background. */
const LEAST_BACKGROUND = 20;

/** Neighbours asked of each collection, for k hits. */
const PICTURES_PER_HIT = 3;
const SEGMENTS_PER_HIT = 8;
const LEAST_NEIGHBOURS = 100;
/** Up to this share of a picture segments are left out of the evidence, not of the search. */
const FEW_SMALLER = 0.002;
/** Segments of one hit that are worth a look. */
const SEGMENTS_SHOWN = 3;

/** Nearest pictures and segments, fused; every hit with its evidence and its relevance. */
export async function search(query: CheckedQuery, library: Library): Promise<SearchResult> {
  const start = performance.now();
  const vector = await queryVector(query, library);
  if (vector === null) return withoutWords(query, library.encoder.name);
  const encoded = performance.now();
  const fused = await nearest(query, vector, library);
  const queried = performance.now();
  const hits = await withEvidence(fused, { query, vector }, library);
  const title = await titleFor(query, library);
  const isEmpty = hits.length === 0 && (await library.pictures.count()) === 0;
  const note = isEmpty ? NOTHING_INDEXED : library.encoder.cutOf?.(query.text ?? '');
  const end = performance.now();
  return {
    query,
    title,
    hits,
    vector,
    ...(note === undefined ? {} : { note }),
    timings: {
      encode: encoded - start,
      query: queried - encoded,
      evidence: end - queried,
      total: end - start,
    },
  };
}

/** Both collections asked for ids and scores alone: a hundred rows of metadata cost more than the search itself. */
async function nearest(query: CheckedQuery, vector: Float32Array, library: Library): Promise<Fused[]> {
  const wanted = query.k + query.offset;
  const { pictures, segments } = library;
  const options = { metadata: false, ...(query.where ? { where: query.where } : {}) };
  const [wholes, parts] = await Promise.all([
    pictures.query(vector, Math.max(LEAST_NEIGHBOURS, PICTURES_PER_HIT * wanted), options),
    query.segments === false || !segments
      ? []
      : segments.query(vector, Math.max(LEAST_NEIGHBOURS, SEGMENTS_PER_HIT * wanted), {
          ...options,
          ...largeEnough(library.minSegmentArea, query.where),
        }),
  ]);
  return fuse(
    wholes.map(({ id, score }) => ({ imageId: id, score })),
    parts.map(({ id, score }) => ({ imageId: imageIdOf(id), segmentId: id, score })),
    query.text === undefined ? EXAMPLE_SHARE : PICTURE_SHARE,
  );
}

/** A filter costs the store more than the search itself, and below FEW_SMALLER there is hardly a segment to leave out. */
function largeEnough(minSegmentArea: number, where: Where | undefined): { where?: Where } {
  if (minSegmentArea <= FEW_SMALLER) return {};
  const large: Where = { field: 'area', from: minSegmentArea };
  return { where: where ? { and: [where, large] } : large };
}

interface Asked {
  query: CheckedQuery;
  vector: Float32Array;
}

/** Rows of the hits alone. Segments whose picture has no row are what a kill left of a picture that is gone. */
async function withEvidence(
  fused: readonly Fused[],
  { query, vector }: Asked,
  library: Library,
): Promise<Hit[]> {
  const wanted = query.k + query.offset;
  const halfAt = query.text === undefined ? EXAMPLE_HALF_AT : HALF_AT;
  const [rows, words, background] = await Promise.all([
    rowsOf(fused.slice(0, wanted), library),
    library.background('words'),
    library.background(query.text === undefined ? 'pictures' : 'words'),
  ]);
  if (rows.pictures.size < Math.min(wanted, fused.length) && wanted < fused.length) {
    const known = await library.pictures.have(fused.map(({ imageId }) => imageId));
    return withEvidence(
      fused.filter(({ imageId }) => known.has(imageId)),
      { query, vector },
      library,
    );
  }
  return fused.slice(query.offset, wanted).flatMap((entry) => {
    const row = rows.pictures.get(entry.imageId);
    if (!row) return []; // removed between the two questions
    const segments = entry.segments.flatMap((segment) =>
      evidenceOf(segment, rows.segments.get(segment.segmentId), library),
    );
    const part = rows.segments.get(segments[0]?.segmentId ?? '')?.vector;
    const named = part && words.count ? standing(part, words) : undefined;
    if (segments[0] && named) nameSegment(segments[0], named);
    const telling = part ?? row.vector;
    const against = telling && (named && background === words ? named : standing(telling, background, SAME));
    return [
      {
        imageId: entry.imageId,
        paths: placesOf(row.metadata).map(library.locate),
        facts: factsOf(row.metadata),
        score: entry.score,
        relevance: telling && against ? judge(dot(vector, telling), against, halfAt) : 0,
        evidence: { ...(entry.picture ? { picture: entry.picture } : {}), segments },
      },
    ];
  });
}

/** Whether the best segment tells more of a hit than the whole picture does: the one that does is judged. */
function isPartTelling({ picture, segments }: Fused): boolean {
  const [best] = segments;
  return best !== undefined && (picture === undefined || best.score >= picture.score);
}

/** The hits' rows and those of their best segments; vectors, which are most of an answer, only of what is judged. */
async function rowsOf(
  fused: readonly Fused[],
  { pictures, segments }: Library,
): Promise<{ pictures: Map<string, StoredRecord>; segments: Map<string, StoredRecord> }> {
  const parts = fused.filter(isPartTelling);
  const wholes = fused.filter((entry) => !isPartTelling(entry));
  const judged = parts.map((entry) => entry.segments[0]!.segmentId);
  const shown = fused
    .flatMap((entry) => entry.segments.slice(0, SEGMENTS_SHOWN).map(({ segmentId }) => segmentId))
    .filter((segmentId) => !judged.includes(segmentId));
  const get = async (
    from: VectorCollection | null,
    ids: string[],
    vectors: boolean,
  ): Promise<StoredRecord[]> => (from && ids.length ? from.get(ids, { vectors }) : []);
  const imageIds = (entries: Fused[]): string[] => entries.map(({ imageId }) => imageId);
  const [wholeRows, partRows, judgedRows, shownRows] = await Promise.all([
    get(pictures, imageIds(wholes), true),
    get(pictures, imageIds(parts), false),
    get(segments, judged, true),
    get(segments, shown, false),
  ]);
  const byId = (rows: StoredRecord[]): Map<string, StoredRecord> => new Map(rows.map((row) => [row.id, row]));
  return { pictures: byId([...wholeRows, ...partRows]), segments: byId([...judgedRows, ...shownRows]) };
}

/** Nothing for segments that are too small to count or beyond what is shown. */
function evidenceOf(
  { segmentId, rank, score }: Fused['segments'][number],
  row: StoredRecord | undefined,
  { minSegmentArea }: Library,
): SegmentEvidence[] {
  if (!row) return [];
  const { bbox, area, label } = segmentOf(segmentId, row.metadata);
  if (area < minSegmentArea) return [];
  return [{ segmentId, bbox, score, rank, ...(label === undefined ? {} : { label }) }];
}

/** A segment without a label of its own is called by the word that fits it best. */
function nameSegment(segment: SegmentEvidence, { best }: Standing): void {
  const name = nameOf(best);
  if (segment.label === undefined && name !== undefined) segment.label = name;
}

/** With too few to compare with, the bare cosine. */
function judge(score: number, against: Standing, halfAt: number): number {
  return against.count < LEAST_BACKGROUND ? score : relevanceOf(score, against, halfAt);
}

/** @returns null for words that the encoder has no side for. */
async function queryVector(query: CheckedQuery, library: Library): Promise<Float32Array | null> {
  const { encoder } = library;
  if (query.text !== undefined) return (await encoder.embedTexts?.([query.text]))?.[0] ?? null;
  if (query.like !== undefined) return storedVector(query.like, library);
  const bytes = typeof query.image === 'string' ? await readPicture(query.image, library) : query.image;
  const { inputs } = await decode(bytes ?? new Uint8Array(), { preprocessings: [encoder.preprocessing] });
  const [embedding] = await encoder.embed([{ pixels: inputs[0]! }]);
  return embedding!.picture;
}

/** A notebook asks with words and with a picture: a model without words answers the one and explains the other. */
function withoutWords(query: CheckedQuery, encoder: string): SearchResult {
  return {
    query,
    title: titleOf(query),
    hits: [],
    vector: null,
    note: `${encoder} understands pictures only: ask with an example picture, or set ENCODER to a model with words and index with it.`,
    timings: { encode: 0, query: 0, evidence: 0, total: 0 },
  };
}

/** An id means nothing to a person: a stored picture is called by its path. */
async function titleFor(query: CheckedQuery, { pictures, locate }: Library): Promise<string> {
  if (query.like === undefined) return titleOf(query);
  const isSegment = query.like.includes(':');
  const [row] = await pictures.get([isSegment ? imageIdOf(query.like) : query.like]);
  const [place] = row ? placesOf(row.metadata) : [];
  return place ? `like ${isSegment ? 'a part of ' : ''}${locate(place)}` : titleOf(query);
}

async function storedVector(id: string, { pictures, segments }: Library): Promise<Float32Array> {
  const collection = id.includes(':') ? segments : pictures;
  const [row] = (await collection?.get([id], { vectors: true })) ?? [];
  if (row?.vector) return row.vector;
  throw new LookbookError('search', {
    what: 'there is no picture or segment of that id',
    got: id,
    expected: 'an imageId or segmentId of an earlier hit',
    mend: 'Ask again with a hit of the present index.',
  });
}

function readPicture(image: string, { allowPrivateUrls }: Library): Promise<Uint8Array> {
  const location = isUrl(image) ? image : projectPath(image);
  return readSource({ location }, { allowPrivateUrls });
}
