import { LookbookError } from './errors.js';
import type { Lookbook } from './lookbook.js';
import { type CheckedQuery, checkQuery } from './searching/query.js';
import type { PictureCard, Query, SearchResult } from './types.js';

/** Several lookbooks as one to ask. */
export interface Together {
  /**
   * Asks all of them; hits are merged by relevance, which compares between encoders where score does not, and each names
   * its source. A picture that several hold comes once, where it answers best.
   * @throws LookbookError as each of them does, and for `like` and `offset`, which mean nothing across lookbooks.
   */
  search(query: string | Query, options?: { k?: number }): Promise<SearchResult>;
  /** Cards of a result of `search`, in its order. */
  cards(of: SearchResult): Promise<PictureCard[]>;
}

/** @throws LookbookError when two of them cannot be told apart by name, encoder and segmenter. */
export function together(books: readonly Lookbook[]): Together {
  const bySource = new Map(books.map((book) => [sourceOf(book), book]));
  if (bySource.size < books.length || books.length === 0) {
    throw new LookbookError('search', {
      what: 'these lookbooks cannot be asked together',
      got: books.map(sourceOf).join(', ') || 'none',
      expected: 'one or more that differ in name, encoder or segmenter',
      mend: 'Open each with a NAME of its own.',
    });
  }
  return {
    async search(asked, options = {}) {
      const checked = checkQuery(asked, options);
      refuseOwnWords(checked);
      const query = checked.asked;
      const results = await Promise.all(
        [...bySource].map(async ([source, book]) => ({ source, result: await book.search(query, options) })),
      );
      const found = results.flatMap(({ source, result }) => result.hits.map((hit) => ({ ...hit, source })));
      found.sort((a, b) => b.relevance - a.relevance || (a.imageId < b.imageId ? -1 : 1));
      const best = new Map<string, (typeof found)[number]>();
      for (const hit of found) if (!best.has(hit.imageId)) best.set(hit.imageId, hit);
      const notes = results.flatMap(({ source, result }) =>
        result.note ? [`${source}: ${result.note}`] : [],
      );
      const [{ result: first }] = results as [(typeof results)[number]];
      const most = (step: keyof SearchResult['timings']): number =>
        Math.max(...results.map(({ result }) => result.timings[step]));
      return {
        query,
        title: first.title,
        hits: [...best.values()].slice(0, checked.k),
        vector: null,
        ...(notes.length ? { note: notes.join(' ') } : {}),
        ...(first.prepared ? { prepared: first.prepared } : {}), // the same for all of them
        timings: {
          encode: most('encode'),
          query: most('query'),
          evidence: most('evidence'),
          total: most('total'),
        },
      };
    },
    async cards(result) {
      const bySide = new Map<string, PictureCard[]>();
      for (const [source, book] of bySource) {
        const own = result.hits.filter((hit) => hit.source === source);
        bySide.set(source, await book.cards({ ...result, hits: own }));
      }
      return result.hits.flatMap((hit, index) => {
        const card = bySide.get(hit.source ?? '')?.shift();
        return card ? [{ ...card, rank: index + 1, why: `${hit.source}: ${card.why ?? hit.why}` }] : [];
      });
    },
  };
}

function sourceOf({ settings: { name, encoder, segmenter } }: Lookbook): string {
  return [name, encoder, ...segmenter].join(' · ');
}

/** An id is of one index, and so is a place in the list. */
function refuseOwnWords({ terms, all, without, offset }: CheckedQuery): void {
  const own = [...terms, ...all.flat(), ...without.flat()].some(({ like }) => like !== undefined);
  if (!own && offset === 0) return;
  throw new LookbookError('search', {
    what: 'this cannot be asked of several lookbooks',
    got: own ? 'like, an id of one index' : 'offset, a place in the list of one index',
    expected: 'words or pictures, and k',
    mend: 'Ask with the picture itself ({ image: hit.paths[0] }), or with a larger k.',
  });
}
