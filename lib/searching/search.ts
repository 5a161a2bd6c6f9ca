import { dot } from '../arithmetic/vectors.js';
import { decode } from '../decoders/image.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { isUrl, readSource } from '../picture-bytes.js';
import { factsOf, imageIdOf, placesOf, segmentOf } from '../rows.js';
import type {
  Encoder,
  Hit,
  Neighbour,
  Query,
  SearchResult,
  SegmentEvidence,
  StoredRecord,
  VectorCollection,
} from '../types.js';
import { nameOf } from './background.js';
import { type Fused, fuse } from './fusion.js';
import { type CheckedQuery, titleOf } from './query.js';
import { type Background, backgroundOf, relevanceOf } from './relevance.js';

/** What a search works with. */
export interface Library {
  encoder: Encoder;
  pictures: VectorCollection;
  segments: VectorCollection | null;
  minSegmentArea: number;
  allowPrivateUrls: boolean;
  /** Background vectors by kind of query; empty where there are none. */
  background(kind: 'words' | 'pictures'): Promise<Float32Array[]>;
  /** A place as a person can open it. */
  locate(place: { root: string; path: string }): string;
}

/** Two vectors of one picture. */
const SAME = 0.9999;
/** Fewer pictures than this are no background. */
const LEAST_BACKGROUND = 20;

/** Neighbours asked of each collection, for k hits. */
const PICTURES_PER_HIT = 3;
const SEGMENTS_PER_HIT = 8;
const LEAST_NEIGHBOURS = 100;

/** Nearest pictures and segments, fused; every hit with its evidence and its relevance. */
export async function search(query: CheckedQuery, library: Library): Promise<SearchResult> {
  const start = performance.now();
  const vector = await queryVector(query, library);
  if (vector === null) return withoutWords(query, library.encoder.name);
  const title = await titleFor(query, library);
  const encoded = performance.now();
  const wanted = query.k + query.offset;
  const segments = query.segments === false ? null : library.segments;
  const [pictures, parts] = await Promise.all([
    library.pictures.query(vector, Math.max(LEAST_NEIGHBOURS, PICTURES_PER_HIT * wanted), query.where),
    segments?.query(vector, Math.max(LEAST_NEIGHBOURS, SEGMENTS_PER_HIT * wanted), query.where) ?? [],
  ]);
  const large = parts.filter(({ metadata }) => Number(metadata.area) >= library.minSegmentArea);
  const fused = fuse(
    pictures.map(({ id, score }) => ({ imageId: id, score })),
    large.map(({ id, score }) => ({ imageId: imageIdOf(id), segmentId: id, score })),
  );
  const known = (await withRows(fused, wanted, library)).slice(query.offset, wanted);
  const queried = performance.now();
  const hits = await withEvidence(known, { query, vector, parts: large, segments }, library);
  const end = performance.now();
  const isEmpty = hits.length === 0 && (await library.pictures.count()) === 0;
  return {
    query,
    title,
    hits,
    vector,
    ...(isEmpty
      ? { note: 'Nothing is indexed yet: run 01-index with the same NAME, ENCODER and CHROMA first.' }
      : {}),
    timings: {
      encode: encoded - start,
      query: queried - encoded,
      evidence: end - queried,
      total: end - start,
    },
  };
}

/** Leaves out segments whose picture has no row: what a kill left of a picture that is gone since. */
async function withRows(fused: readonly Fused[], wanted: number, { pictures }: Library): Promise<Fused[]> {
  const first = fused.slice(0, 2 * wanted);
  const doubtful = first.filter(({ picture }) => !picture).map(({ imageId }) => imageId);
  const have = doubtful.length ? await pictures.have(doubtful) : new Set<string>();
  return first.filter(({ picture, imageId }) => picture || have.has(imageId));
}

interface Found {
  query: Query;
  vector: Float32Array;
  parts: readonly Neighbour[];
  segments: VectorCollection | null;
}

/** Rows and vectors of the hits alone: the vectors of the neighbours are never fetched. */
async function withEvidence(fused: readonly Fused[], found: Found, library: Library): Promise<Hit[]> {
  const best = fused.flatMap(({ segments }) => segments.slice(0, 1).map(({ segmentId }) => segmentId));
  const asWords = found.query.text !== undefined;
  const [rows, bestRows, words, background] = await Promise.all([
    library.pictures.get(
      fused.map(({ imageId }) => imageId),
      { vectors: true },
    ),
    found.segments && best.length ? found.segments.get(best, { vectors: true }) : [],
    library.background('words'),
    library.background(asWords ? 'words' : 'pictures'),
  ]);
  const byId = new Map<string, StoredRecord>([...rows, ...bestRows].map((row) => [row.id, row]));
  const partRows = new Map(found.parts.map((part) => [part.id, part]));
  return fused.flatMap((entry) => {
    const row = byId.get(entry.imageId);
    if (!row) return []; // removed between the two questions
    const best = byId.get(entry.segments[0]?.segmentId ?? '')?.vector;
    const named = best && words.length ? backgroundOf(best, words) : undefined;
    const segments: SegmentEvidence[] = entry.segments.flatMap(({ segmentId, rank, score }, place) => {
      const part = partRows.get(segmentId);
      if (!part) return [];
      const { bbox, label = place === 0 && named ? nameOf(named.best) : undefined } = segmentOf(
        segmentId,
        part.metadata,
      );
      return [{ segmentId, bbox, score, rank, ...(label === undefined ? {} : { label }) }];
    });
    const judged = [
      ...(row.vector ? [{ vector: row.vector, against: backgroundIf(background, row.vector) }] : []),
      ...(best ? [{ vector: best, against: asWords && named ? named : backgroundIf(background, best) }] : []),
    ];
    return [
      {
        imageId: entry.imageId,
        paths: placesOf(row.metadata).map(library.locate),
        facts: factsOf(row.metadata),
        score: entry.score,
        relevance: bestRelevance(found.vector, judged),
        evidence: { ...(entry.picture ? { picture: entry.picture } : {}), segments },
      },
    ];
  });
}

function backgroundIf(background: readonly Float32Array[], vector: Float32Array): Background | undefined {
  // A stored picture is no background to itself.
  const others = background.filter((other) => dot(other, vector) < SAME);
  return others.length < LEAST_BACKGROUND ? undefined : backgroundOf(vector, others);
}

/** A picture is as relevant as the more telling of the whole and its best segment. */
function bestRelevance(
  query: Float32Array,
  judged: readonly { vector: Float32Array; against: Background | undefined }[],
): number {
  const values = judged.map(({ vector, against }) => {
    const score = dot(query, vector);
    return against ? relevanceOf(score, against) : score; // nothing to compare with: the bare cosine
  });
  return Math.max(0, ...values);
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
