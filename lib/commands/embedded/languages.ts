/** Labels in other languages, as CLDR has them, against the clean icons of the seen style. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectPath } from '../../paths.js';
import type { Figures } from '../figures.js';
import { mean, percents, rankOf, recallAt } from '../ranks.js';
import { type Eyes, textVectors } from './eyes.js';
import type { Clean } from './words.js';

const LANGUAGES = ['de', 'fr', 'es', 'ja', 'zh', 'hi', 'ru'];
/** Comes with the icon sets. */
const ANNOTATIONS = 'models/pictoclip/training/node_modules/cldr-annotations-full/annotations';

/** R@5 of each language's labels as a share of that of the English ones of the same concepts; the mean of all. */
export async function measureLanguages(
  { icons, encoder }: Eyes,
  { labels, pictures }: Clean,
  say: (line: string) => void,
): Promise<Figures> {
  const recall = async (asked: readonly { own: number; text: string }[]): Promise<number> => {
    const texts = await textVectors(
      encoder,
      asked.map(({ text }) => text),
    );
    const ranks = texts.map((text, n) => rankOf(asked[n]!.own, text, pictures));
    return recallAt(5, ranks);
  };
  const ratios: number[] = [];
  for (const language of LANGUAGES) {
    const words = await labelsOf(language);
    const asked = icons.drawn.flatMap((concept, own) => {
      const text = words(icons.concepts[concept]!.hex);
      return text === undefined ? [] : [{ own, text }];
    });
    const english = await recall(asked.map(({ own }) => ({ own, text: labels[own]! })));
    const other = await recall(asked);
    ratios.push(other / english);
    say(
      `${language}: R@5 ${percents(other)} of ${asked.length} labels, English ${percents(english)}, ratio ` +
        (other / english).toFixed(3),
    );
  }
  return { 'embedded.languages.r5_ratio': mean(ratios) };
}

interface Annotations {
  annotations: { annotations: Record<string, { tts?: string[] }> };
}

/** A language's label of a character, by the character's hexadecimal code points; undefined where it has none. */
async function labelsOf(language: string): Promise<(hex: string) => string | undefined> {
  const file = projectPath(join(ANNOTATIONS, language, 'annotations.json'));
  const { annotations }: Annotations = JSON.parse(await readFile(file, 'utf8'));
  const labels = new Map(
    Object.entries(annotations.annotations).map(([character, { tts }]) => [plain(character), tts?.[0]]),
  );
  return (hex) => labels.get(characterOf(hex));
}

/** "1f600" → 😀 */
export function characterOf(hex: string): string {
  return plain(String.fromCodePoint(...hex.split('-').map((code) => Number.parseInt(code, 16))));
}

/** Without the selector that asks for a coloured drawing: tables disagree on where it stands. */
function plain(character: string): string {
  return character.replaceAll('\ufe0f', '');
}
