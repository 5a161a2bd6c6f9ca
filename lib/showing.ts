/** From hits and ids to cards and maps: plain data that the rendering room draws. */
import { boundingBox, boxIoU, resizeMask, scaleBox } from './arithmetic/masks.js';
import { decodeRle } from './arithmetic/rle.js';
import { type MaskedSegment, type MaskFile, readMasks } from './mask-files.js';
import { shownPath } from './paths.js';
import { factsOf, segmentOf } from './rows.js';
import { smallThumbnail, type Thumbnail, thumbnailOf } from './thumbnails.js';
import type {
  BoundingBox,
  FoundSegment,
  Hit,
  Outline,
  PictureCard,
  SegmentEvidence,
  StoredRecord,
} from './types.js';

export interface ShowOptions {
  masks: string;
  segmenterFingerprint: string | null;
  allowPrivateUrls: boolean;
  /** By imageId: what a highlighter points out where no segment answers. */
  highlights?: ReadonlyMap<string, FoundSegment>;
  /** Why nothing could be pointed out there. */
  noHighlights?: string;
}

/** Boxes that share this much, as intersection over union, show one thing: it is drawn once. */
const SAME_BOX = 0.5;

/** Segments drawn on one picture: the best, and those that answer nearly as well. */
const MOST_DRAWN = 3;
/** Of a segment's longer side: how much of what is around it its small picture shows. */
const AROUND_PART = 0.06;
const NEARLY = 0.8;

/** A hit with the segments that answer drawn on it. A picture that has gone keeps its card, without a picture. */
export async function cardOfHit(hit: Hit, rank: number, options: ShowOptions): Promise<PictureCard> {
  const picture = (await thumbnailOf(hit.imageId, hit.paths, options)) ?? missing();
  const masks = options.segmenterFingerprint
    ? await readMasks(options.masks, options.segmenterFingerprint, hit.imageId)
    : null;
  const best = hit.evidence.segments[0]?.score ?? 0;
  // Of several things that were asked for, each is drawn.
  const answering = hit.evidence.segments.filter(({ answers }) => answers !== undefined).length;
  const drawn = hit.evidence.segments
    .filter(({ score, answers }) => answers !== undefined || (score > 0 && score >= NEARLY * best))
    .filter(
      ({ bbox, answers }, n, all) =>
        answers !== undefined || all.slice(0, n).every((other) => boxIoU(bbox, other.bbox) < SAME_BOX),
    )
    .slice(0, Math.max(MOST_DRAWN, answering));
  const outlines = drawn.flatMap((evidence) => {
    const segment = masks?.segments.find(({ segmentId }) => segmentId === evidence.segmentId);
    return masks && segment
      ? [outline(evidence.label ? { ...segment, label: evidence.label } : segment, masks, picture, evidence)]
      : [];
  });
  const highlight = outlines.length ? undefined : options.highlights?.get(hit.imageId);
  const failure = best > 0 || outlines.length ? undefined : options.noHighlights;
  return {
    ...picture,
    path: shownPath(hit.paths[0] ?? hit.imageId),
    rank,
    relevance: hit.relevance,
    ...(hit.copies ? { copies: hit.copies.length } : {}),
    outlines: highlight ? pointedOut(highlight, picture) : outlines,
    why: [
      hit.why,
      ...(highlight?.label ? [`drawn is where "${highlight.label}" may be meant`] : []),
      ...(failure ? [`nothing is pointed out: ${failure}`] : []),
    ].join('; '),
  };
}

/**
 * A picture with everything that was found in it, or with `only` one segment of it; `names` holds words for segments that
 * have no label of their own.
 */
export async function cardOfPicture(
  picture: { imageId: string; paths: string[]; names: ReadonlyMap<string, string>; only?: string },
  options: ShowOptions,
): Promise<PictureCard> {
  const { imageId, paths, names, only } = picture;
  const thumbnail = (await thumbnailOf(imageId, paths, options)) ?? missing();
  const masks = options.segmenterFingerprint
    ? await readMasks(options.masks, options.segmenterFingerprint, imageId)
    : null;
  const drawn = masks?.segments.filter(({ segmentId }) => only === undefined || segmentId === only) ?? [];
  const outlines = drawn.map((segment) => outline(named(segment, names), masks!, thumbnail));
  return { ...thumbnail, path: shownPath(paths[0] ?? imageId), outlines };
}

function outline(
  segment: MaskedSegment,
  file: MaskFile,
  picture: Thumbnail,
  evidence?: SegmentEvidence,
): Outline {
  const { label } = segment;
  return {
    mask: resizeMask(decodeRle(segment.mask), picture.width, picture.height),
    bbox: scaleBox(segment.bbox, file, picture),
    ...(label === undefined ? {} : { label }),
    score: evidence?.score ?? segment.score,
  };
}

function pointedOut({ mask, label, score }: FoundSegment, picture: Thumbnail): Outline[] {
  const box = boundingBox(mask);
  if (!box) return [];
  return [
    {
      mask: resizeMask(mask, picture.width, picture.height),
      bbox: scaleBox(box, mask, picture),
      ...(label === undefined ? {} : { label }),
      score,
    },
  ];
}

function named(segment: MaskedSegment, names: ReadonlyMap<string, string>): MaskedSegment {
  const label = segment.label ?? names.get(segment.segmentId);
  return label === undefined ? segment : { ...segment, label };
}

/** A small picture for a table, or the part of it that a segment's box holds, with a little around it. */
export async function smallCard(
  picture: { imageId: string; paths: string[]; segment?: StoredRecord | undefined },
  options: ShowOptions,
): Promise<PictureCard> {
  const { imageId, paths, segment } = picture;
  const part = segment && partOf(segment);
  const small = await smallThumbnail(imageId, paths, { ...options, ...(part ? { part } : {}) });
  return { ...(small ?? missing()), path: shownPath(paths[0] ?? imageId), outlines: [] };
}

/** A segment's box as shares of its picture's sides. */
function partOf({ id, metadata }: StoredRecord): BoundingBox {
  const { bbox } = segmentOf(id, metadata);
  const { width, height } = factsOf(metadata);
  const around = AROUND_PART * Math.max(bbox.width, bbox.height);
  return {
    x: (bbox.x - around) / width,
    y: (bbox.y - around) / height,
    width: (bbox.width + 2 * around) / width,
    height: (bbox.height + 2 * around) / height,
  };
}

/** A grey tile for a picture that cannot be read any more. */
function missing(): Thumbnail {
  return { jpeg: Buffer.from(GREY_JPEG, 'base64'), width: 8, height: 8 };
}

const GREY_JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APQq/9k=';
