/** From the terms of a query to vectors. */
import { regionMask } from '../arithmetic/region.js';
import { normalise } from '../arithmetic/vectors.js';
import { workingPx } from '../cropping/crops.js';
import { regionVector } from '../cropping/segment-vectors.js';
import { decode } from '../decoders/image.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { isUrl, readSource, readStored } from '../picture-bytes.js';
import { placesOf } from '../rows.js';
import type { PreparedPicture, Region } from '../types.js';
import type { Library } from './library.js';
import { prepareQueryPicture } from './prepare-picture.js';
import type { CheckedTerm } from './query.js';
import type { Kind } from './relevance.js';

/** One thing asked: its vector, float32[dimension], L2-normalised, and what it is compared with. */
export interface Asked {
  vector: Float32Array;
  kind: Kind;
  /** Whether whole pictures ask, which are like whole pictures; a region or a segment is like a part. */
  isWhole: boolean;
}

/**
 * The vectors of several things, each the weighted sum of its terms; words are encoded in one run.
 * @param prepared gets the query pictures that were prepared.
 * @returns null when some are words and the encoder has no side for them.
 * @throws LookbookError: a picture that cannot be read, an id that is gone, a region outside its picture.
 */
export async function ask(
  things: readonly (readonly CheckedTerm[])[],
  library: Library,
  prepared: PreparedPicture[],
): Promise<Asked[] | null> {
  const terms = things.flat();
  const texts = terms.flatMap(({ text }) => (text === undefined ? [] : [text]));
  if (texts.length > 0 && !library.encoder.embedTexts) return null;
  const words = texts.length ? await library.encoder.embedTexts!(texts) : [];
  const vectors: Float32Array[] = [];
  for (const term of terms) {
    if (term.text !== undefined) vectors.push(words.shift()!);
    else if (term.like !== undefined && !term.region) vectors.push(await storedVector(term.like, library));
    else vectors.push(await pictureVector(term, library, prepared));
  }
  return things.map((own) => {
    const parts = own.map(({ weight }) => ({ weight, vector: vectors.shift()! }));
    const isWords = own.every(({ text }) => text !== undefined);
    return { vector: sum(parts), kind: isWords ? 'words' : 'pictures', isWhole: own.every(isWhole) };
  });
}

function isWhole({ text, like, region }: CheckedTerm): boolean {
  return text === undefined && region === undefined && !like?.includes(':');
}

/** @throws LookbookError when nothing is left of the sum. */
function sum(parts: readonly { weight: number; vector: Float32Array }[]): Float32Array {
  const [first, ...others] = parts;
  if (others.length === 0) return first!.vector;
  const whole = parts.reduce((total, { weight }) => total + Math.abs(weight), 0);
  const total = new Float32Array(first!.vector.length);
  for (const { weight, vector } of parts) {
    for (let i = 0; i < total.length; i++) total[i]! += (weight / whole) * vector[i]!;
  }
  if (total.some((value) => Math.abs(value) > LEAST_LEFT)) return normalise(total);
  throw new LookbookError('search', {
    what: 'the terms cancel each other out',
    got: 'equal things with opposite weights',
    expected: 'something that is left to look for',
    mend: 'Change the weights, or put what is not wanted into without.',
  });
}

/** What is less than this of every number of a sum is rounding. */
const LEAST_LEFT = 1e-5;

async function storedVector(id: string, { pictures, segments }: Library): Promise<Float32Array> {
  const collection = id.includes(':') ? segments : pictures;
  const [row] = (await collection?.get([id], { vectors: true })) ?? [];
  if (row?.vector) return row.vector;
  throw gone(id);
}

function gone(id: string): LookbookError {
  return new LookbookError('search', {
    what: 'there is no picture or segment of that id',
    got: id,
    expected: 'an imageId or segmentId of an earlier hit',
    mend: 'Ask again with a hit of the present index.',
  });
}

async function pictureVector(
  term: CheckedTerm,
  library: Library,
  prepared: PreparedPicture[],
): Promise<Float32Array> {
  const { encoder } = library;
  let bytes = await bytesOf(term, library);
  if (term.prepare) {
    const picture = await prepareQueryPicture(bytes, term.prepare);
    prepared.push({ before: picture.before, after: picture.after });
    bytes = picture.bytes;
  }
  if (term.region) return vectorOfRegion(bytes, term.region, library);
  const { inputs } = await decode(bytes, { preprocessings: [encoder.preprocessing] });
  return (await encoder.embed([{ pixels: inputs[0]! }]))[0]!.picture;
}

/** A region is seen as the index sees segments, or it would not find its own. @throws LookbookError when it lies outside. */
async function vectorOfRegion(
  bytes: Uint8Array,
  region: Region,
  { encoder }: Library,
): Promise<Float32Array> {
  const { preprocessing } = encoder;
  const wanted = { preprocessings: [preprocessing], workingPx: workingPx(preprocessing) };
  const { inputs, working, facts } = await decode(bytes, wanted);
  const mask = regionMask(region, facts, working!);
  if (mask.data.includes(1))
    return regionVector({ pixels: inputs[0]!, working: working!, size: facts }, mask, encoder);
  throw new LookbookError('search', {
    what: 'the region lies outside the picture',
    got: JSON.stringify(region),
    expected: `a part of 0 to ${facts.width} across and 0 to ${facts.height} down, in pixels of the upright picture`,
    mend: 'Draw it inside the picture, a few pixels large at least.',
  });
}

/** The bytes of a query picture, or of a stored one where a part of it asks. */
async function bytesOf({ image, like }: CheckedTerm, library: Library): Promise<Uint8Array> {
  const { allowPrivateUrls, pictures, locate } = library;
  if (image instanceof Uint8Array) return image;
  if (image !== undefined)
    return readSource({ location: isUrl(image) ? image : projectPath(image) }, { allowPrivateUrls });
  const [row] = await pictures.get([like!]);
  if (!row) throw gone(like!);
  const places = placesOf(row.metadata).map(locate);
  const bytes = await readStored(like!, places, { allowPrivateUrls });
  if (bytes) return bytes;
  throw new LookbookError('search', {
    what: 'the picture whose region asks is not there any more',
    got: places.join(', ') || 'no place',
    expected: 'the file as it was indexed',
    mend: 'Run 01-index again, or ask with { image, region }.',
  });
}
