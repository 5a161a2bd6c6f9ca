import pLimit from 'p-limit';
import { decode } from './decoders/image.js';
import { LookbookError } from './errors.js';
import { openHighlighter } from './models/families.js';
import type { OpenOptions } from './models/identity.js';
import { dtypeBeside } from './models/registry.js';
import type { FoundSegment, Highlighter, Hit, SegmenterInput } from './types.js';

/** A highlighter that is opened with the first question that needs it. */
export interface LazyHighlighter {
  /** @throws as openHighlighter, and once it is closed; a failure is not remembered. */
  open(): Promise<Highlighter>;
  /** Closes what was opened, and opens nothing any more. */
  close(): Promise<void>;
}

/** @param options its dtype is taken where the model has it, else fp32. */
export function lazyHighlighter(name: string, options: OpenOptions): LazyHighlighter {
  let opened: Promise<Highlighter> | undefined;
  let isClosed = false;
  const openIt = async (): Promise<Highlighter> => {
    const dtype = await dtypeBeside(name, options.dtype ?? 'fp32');
    return openHighlighter(name, { ...options, dtype });
  };
  return {
    async open() {
      if (isClosed) throw closedError(name);
      const opening = opened ?? openIt();
      opened = opening;
      opening.catch(() => {
        if (opened === opening) opened = undefined;
      });
      return opening;
    },
    async close() {
      isClosed = true;
      const highlighter = await opened?.catch(() => undefined); // one that never opened has told its error already
      opened = undefined;
      await highlighter?.close();
    },
  };
}

function closedError(name: string): LookbookError {
  return new LookbookError('highlighter', {
    what: `${name} was closed with its lookbook`,
    got: 'a question after close()',
    mend: 'Open the lookbook again, or make the cards before it is closed.',
  });
}

/** Pictures decoded at once. */
const DECODED_AT_ONCE = 4;

export interface HighlightOptions {
  highlighter: Highlighter;
  /** The bytes of a hit's picture, or null when it has gone. */
  read(hit: Hit): Promise<Uint8Array | null>;
}

/**
 * Has the highlighter point out what words mean on those hits that no stored segment answers for.
 * @returns by imageId; hits with a segment, pictures that have gone and those on which nothing is found are not in it.
 * @throws LookbookError when the model does not answer.
 */
export async function highlightHits(
  hits: readonly Hit[],
  text: string,
  options: HighlightOptions,
): Promise<Map<string, FoundSegment>> {
  const bare = hits.filter(lacksSegment);
  const turn = pLimit(DECODED_AT_ONCE);
  const inputs = await Promise.all(
    bare.map((hit) => turn(() => inputOf(hit, options).catch(() => null))), // not a picture any more
  );
  const seen = bare.flatMap(({ imageId }, index) => {
    const input = inputs[index];
    return input ? [{ imageId, input }] : [];
  });
  if (seen.length === 0) return new Map();
  const found = await options.highlighter.highlight(
    seen.map(({ input }) => input),
    text,
  );
  return new Map(
    seen.flatMap(({ imageId }, index) => {
      const segment = found[index];
      return segment ? [[imageId, segment] as const] : [];
    }),
  );
}

/** Whether no stored segment answers for a hit. */
export function lacksSegment({ evidence }: Hit): boolean {
  return !evidence.segments.some(({ score }) => score > 0);
}

async function inputOf(hit: Hit, { highlighter, read }: HighlightOptions): Promise<SegmenterInput | null> {
  const bytes = await read(hit);
  if (!bytes) return null;
  const { inputs, facts } = await decode(bytes, { preprocessings: [highlighter.preprocessing] });
  return { pixels: inputs[0]!, width: facts.width, height: facts.height };
}
