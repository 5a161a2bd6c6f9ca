// Indexes, asks and shows in a process of its own, and tells how each went: node disk-read-only.mjs '<config as JSON>'.
import { LookbookError } from '../../dist/errors.js';
import { openLookbook } from '../../dist/index.js';

const told = { index: null, search: null, cards: null, ours: true, added: 0, shown: 0 };
async function attempt(step, act) {
  try {
    return await act();
  } catch (error) {
    told[step] = error.message;
    told.ours &&= error instanceof LookbookError;
  }
}

const book = await attempt('index', () => openLookbook(JSON.parse(process.argv[2])));
if (book) {
  const report = await attempt('index', () => book.index());
  told.added = report?.added ?? 0;
  const found = await attempt('search', () => book.search({ text: 'red', minRelevance: 0, collapse: false }));
  if (found) {
    const cards = await attempt('cards', () => book.cards(found));
    told.shown = cards?.length ?? 0;
  }
  await book.close();
}
process.stdout.write(JSON.stringify(told));
