import { document, made, navigator, part } from './browser.js';
import { lineOf, type Points, shortened } from './points.js';
import { hasTile, showTile } from './tiles.js';

const MOST_PICTURES = 200;
const PICTURE_PX = 96;

/** Lists what is selected: the paths as a text to copy, and below it the pictures of those that have a thumbnail. */
export function showChosen(points: Points, selected: readonly number[]): void {
  part('chosen').hidden = !selected.length;
  part('chosen-title').textContent = `${selected.length.toLocaleString('en-US')} selected`;
  const text = part('paths');
  text.value = selected.map((index) => lineOf(points, index)).join('\n');
  part('copied').textContent = '';
  const drawn = selected.filter((index) => hasTile(points, index));
  const pictures = drawn.slice(0, MOST_PICTURES).map((index) => {
    const item = made('li', '');
    const picture = made('i', '');
    showTile(picture, points, { index, px: PICTURE_PX });
    item.append(picture, made('bdi', '', shortened(points.titles[index]!, 46)));
    item.title = shortened(points.titles[index]!, 300);
    return item;
  });
  part('gallery').replaceChildren(...pictures);
  part('more').textContent = leftOut(pictures.length, { drawn: drawn.length, all: selected.length });
}

/** Copies the paths; where the page may not, they are marked, so that the keyboard can. */
export async function copyPaths(): Promise<void> {
  const text = part('paths');
  const copied = await navigator.clipboard?.writeText(text.value).then(
    () => true,
    () => false, // not allowed here: the older way may be
  );
  text.select();
  part('copied').textContent =
    copied || document.execCommand('copy') ? 'Copied.' : 'Marked: copy with Ctrl+C.';
}

/** What the gallery leaves out, in words. */
function leftOut(shown: number, { drawn, all }: { drawn: number; all: number }): string {
  const more = (drawn - shown).toLocaleString('en-US');
  const bare = (all - drawn).toLocaleString('en-US');
  return [
    ...(drawn > shown ? [`${more} more have a thumbnail.`] : []),
    ...(all > drawn ? [`${bare} have no thumbnail on this page; their paths are listed above.`] : []),
  ].join(' ');
}
