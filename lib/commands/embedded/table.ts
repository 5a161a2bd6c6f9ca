/** The embedded model's table: what two prototypes reached, what is asked, what is reached. */
import type { Figures } from '../figures.js';

/** Shares are told in percent. */
type Unit = 'share' | 'MiB' | 'ms';

export interface Row {
  figure: string;
  unit: Unit;
  /** What the prototypes reached; null where it was not measured. */
  first: number | null;
  second: number | null;
  /** The least, of sizes and times the most; null where the figure stands for comparison. */
  asked: number | null;
  /** What the prototypes' figures are of, where it is not the same. */
  note?: string;
}

const MIB = 2 ** 20;
/** Columns of words; the others are numbers. */
const LEFT = [0, 5, 6];

/** A row of shares, in percent as people write them. */
function share(figure: string, numbers: readonly (number | null)[], note?: string): Row {
  const [first, second, asked] = numbers.map((value) => (value === null ? null : value / 100));
  const row: Row = {
    figure: `embedded.${figure}`,
    unit: 'share',
    first: first!,
    second: second!,
    asked: asked!,
  };
  return note === undefined ? row : { ...row, note };
}

export const ROWS: readonly Row[] = [
  share('seen.r1', [62, 87, 93]),
  share('seen.r5', [91, 98, 99]),
  share('seen.r10', [96, 99, 99.5]),
  share('unseen.r1', [31, 47, 60]),
  share('unseen.r5', [60, 68, 82]),
  share('unseen.r10', [71, 76, 90]),
  share('hard.r5', [65, 76, 90]),
  share('scenes.r5', [60, 84, 90]),
  share('synonyms.hit5', [20, 76, 85]),
  share('kinds.p10', [46, 68, 85], 'first 23 to 46, by the list of kinds'),
  share('languages.r5_ratio', [50, null, 80], 'first: about'),
  share('colour', [50, 95, 95]),
  share('count', [47, null, 85]),
  share('sides', [50, null, 85]),
  share('segment.p1', [null, 97, 93], 'dense; the second with true masks'),
  share('segment.p1_crop', [null, null, null], 'stands beside the dense way'),
  share('segment.folder_p1', [null, 53, 75], 'as stored; the second by crops, dense 45'),
  share('seg.miou', [82, 77, 88]),
  share('seg.count1', [86, 82, 95]),
  share('seg.count2', [81, 95, 95]),
  share('seg.count3', [45, 79, 90]),
  share('seg.count4', [45, 84, 90]),
  share('seg.box_recall', [83, 87, 93]),
  share('filler_ratio', [55, 100, 99]),
  share('typo_ratio', [57, 85, 92]),
  share('nonsense.auroc', [null, 96, 97]),
  share('photographs.p1', [null, null, null], 'of ten classes; one in ten is chance'),
  { figure: 'embedded.bytes', unit: 'MiB', first: 4e6, second: 8.7e6, asked: 9 * MIB },
  { figure: 'embedded.image_ms', unit: 'ms', first: null, second: 3.3, asked: 6 },
  { figure: 'embedded.text_ms', unit: 'ms', first: null, second: 0.2, asked: 1 },
];

/** The table as lines, a header first. Rows without a figure say so. */
export function tableOf(figures: Figures, rows: readonly Row[] = ROWS): string[] {
  const cells = rows.map((row) => {
    const value = figures[row.figure] ?? null;
    const { first, second, asked } = row;
    const numbers = [first, second, asked, value].map((number) => shown(number, row.unit));
    return [row.figure, ...numbers, verdict(row, value), row.note ?? ''];
  });
  const header = ['figure', 'first', 'second', 'asked', 'reached', '', ''];
  const widths = header.map((_, n) => Math.max(...[header, ...cells].map((row) => row[n]!.length)));
  return [header, ...cells].map((row) =>
    row
      .map((cell, n) => (LEFT.includes(n) ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Whether a figure reaches what is asked, or by how much it does not. */
export function verdict({ unit, asked }: Row, value: number | null): string {
  if (value === null) return 'not measured';
  if (asked === null) return '';
  const lack = unit === 'share' ? asked - value : value - asked;
  return lack <= 0 ? 'reached' : `short by ${shown(lack, unit)}`;
}

function shown(value: number | null, unit: Unit): string {
  if (value === null) return '–';
  if (unit === 'share') return (100 * value).toFixed(1);
  return `${(unit === 'MiB' ? value / MIB : value).toFixed(2)} ${unit}`;
}
