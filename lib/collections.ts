/** The collections of a lookbook: one of pictures and one of segments for each pair of models that it was indexed with. */
import { LookbookError } from './errors.js';
import { segmentsDone, segmentsUndone } from './rows.js';
import type { CollectionSummary, VectorStore } from './types.js';

/** Whose collections they are, and which of them are open. */
export interface CollectionsOf {
  lookbook: string;
  store: VectorStore;
  /** Names of the collections in use. */
  open: readonly string[];
}

/**
 * Removes a collection and what hangs on it: with pictures go their segments; of segments the pictures forget that
 * they were done. Masks stay, since another encoder may use them.
 * @returns the names that are gone.
 * @throws LookbookError when it is unknown, another lookbook's, or open.
 */
export async function removeCollection(name: string, of: CollectionsOf): Promise<string[]> {
  const own = (await of.store.list()).filter(({ facts }) => facts.lookbook === of.lookbook);
  const found = own.find((collection) => collection.name === name);
  if (!found || of.open.includes(name)) throw refusal(name, of, own);
  if (found.facts.of === 'segments') {
    await forgetSegments(found, own, of.store);
    await of.store.drop(name);
    return [name];
  }
  const segments = own.filter(({ facts }) => facts.of === 'segments' && facts.pictures === found.fingerprint);
  const inUse = segments.find((collection) => of.open.includes(collection.name));
  if (inUse) throw refusal(inUse.name, of, own);
  const names = [...segments.map((collection) => collection.name), name];
  for (const each of names) await of.store.drop(each);
  return names;
}

/** First the markers: a kill in between leaves segments that the next run writes again, never pictures without any. */
async function forgetSegments(
  { fingerprint }: CollectionSummary,
  own: readonly CollectionSummary[],
  store: VectorStore,
): Promise<void> {
  const marker = segmentsDone(fingerprint);
  for (const summary of own.filter(({ facts }) => facts.of === 'pictures')) {
    const pictures = await store.open(summary);
    const marked: string[] = [];
    for await (const page of pictures.pages())
      marked.push(...page.filter(({ metadata }) => marker in metadata).map(({ id }) => id));
    if (marked.length)
      await pictures.setMetadata(marked.map((id) => ({ id, metadata: segmentsUndone(fingerprint) })));
  }
}

function refusal(name: string, of: CollectionsOf, own: readonly CollectionSummary[]): LookbookError {
  const isOpen = of.open.includes(name);
  const free = own.filter((collection) => !of.open.includes(collection.name));
  return new LookbookError('store', {
    what: isOpen
      ? 'a collection that is open is not removed'
      : `${of.lookbook} has no collection of that name`,
    got: name,
    expected: free.length
      ? `one of ${free.map((collection) => collection.name).join(', ')}`
      : 'nothing: there is none to remove',
    mend: isOpen
      ? 'Open the lookbook with another ENCODER or SEGMENTER first.'
      : 'collections() lists them; another lookbook’s are removed by opening that one.',
  });
}
