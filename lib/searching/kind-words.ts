/**
 * Kinds of things: what many pictures of one group have in common, where the background's words name single things.
 * A relevance is not judged by them.
 */
export const kindWords: readonly string[] = `
animal; bird; fish; insect; reptile; sea animal; pet; wild animal; flower; plant; tree; fruit; vegetable;
food; fast food; dessert; drink; kitchenware; furniture; clothing; shoe; hat; jewellery; toy; game; sport;
musical instrument; tool; weapon; vehicle; boat; aircraft; building; landscape; weather; sky; night; person; people;
face; hand; electronics; book; office supplies; money; light; clock; medicine; science; celebration; sign; symbol;
flag; map; writing; photograph; drawing; pattern
`
  .split(';')
  .map((word) => word.trim())
  .filter(Boolean);
