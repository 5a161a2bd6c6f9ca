import type { Outlier, Outliers, PictureCard } from '../types.js';
import { count, counted } from '../words.js';
import { gallery } from './gallery.js';

/**
 * The outliers side by side, the farthest first, each with how far it is and what is still nearest to it.
 * @param cards of the outliers, in their order (`book.cards(outliers)`).
 */
export function outliersGallery(found: Outliers, cards: readonly PictureCard[]): string {
  const { of, k, compared, usual } = found;
  const shown = cards.flatMap((card, index) => {
    const outlier = found.outliers[index];
    return outlier ? [{ ...card, rank: index + 1, why: whyOf(outlier, usual) }] : [];
  });
  return gallery(shown, {
    title: `${counted(shown.length, of.slice(0, -1))} like no other`,
    subtitle: `Of ${count(compared)} ${of}: the farthest from their ${count(k)} nearest, by the mean cosine distance; the middle one of all has ${usual.toFixed(2)}.`,
  });
}

function whyOf({ distance, nearest }: Outlier, usual: number): string {
  const times = usual > 0 ? `, ${(distance / usual).toFixed(1)} times the usual` : '';
  const name = nearest.path.split(/[/\\]/).slice(-2).join('/');
  return `distance ${distance.toFixed(2)}${times}; nearest is ${name}`;
}
