import { dot } from '../arithmetic/vectors.js';

/** A word that clusters can be named by, and its vector. */
export interface NamingWord {
  word: string;
  vector: Float32Array;
  /** Whether it names a kind of things, and not one thing. */
  isKind: boolean;
}

/** What each row is, in their order. */
export interface NamedRows {
  vectors: readonly Float32Array[];
  /** Each row's own label, where it has one. */
  labels: readonly (string | undefined)[];
  /** Each row's folder, for encoders without words. */
  folders: readonly (string | undefined)[];
  /** int32[rows]: 0 is the first cluster, −1 none. */
  clusters: Int32Array;
}

/** A kind goes before a thing that fits this little better: a cluster is of many. */
const KIND_BONUS = 1 / 0.9;
/**
 * Half of a cluster's rows have the word among this share of all words, best first. Looked at by eye for 40 clusters of demo
 * pictures, their segments and drawings: the words that a person accepts are among the first 2.5 %, but for one, and the
 * others beyond 3 %. How often a row of the cluster is nearer to the word than another row tells them apart less well, and
 * asking for more than half loses as many right names as wrong ones.
 */
const AMONG_BEST = 0.03;
/** Words that are tried before a cluster is called mixed. */
const TRIED = 5;
/** A label or a folder names a cluster of which it is at least this share. */
const MOST_OF_IT = 0.5;
/** Rows of a cluster that are asked whether a word fits. */
const ASKED = 64;

/**
 * A name for each cluster, no two the same. A label or else a word: the one that fits the cluster best and better than all
 * rows, 2 · its mean cosine in the cluster − that over all, as relevance weighs a score against its rivals; "mixed" where
 * none of the best ones says what most of the cluster's rows are. Without words: the commonest folder, else a number.
 * Pauses with the share done.
 */
export function* clusterNames(
  rows: NamedRows,
  words: readonly NamingWord[] | null,
): Generator<number, string[]> {
  const count = rows.clusters.reduce((most, cluster) => Math.max(most, cluster + 1), 0);
  const members: number[][] = Array.from({ length: count }, () => []);
  for (const [row, cluster] of rows.clusters.entries()) members[cluster]?.push(row);
  const names: (string | undefined)[] = members.map((own) => commonest(own, rows.labels));
  // The larger of two clusters of one label keeps it, where a word can name the other.
  if (words) for (const [at, name] of names.entries()) if (names.indexOf(name) < at) names[at] = undefined;
  const open = members.flatMap((_, cluster) => (names[cluster] === undefined ? [cluster] : []));
  if (words) yield* nameByWords(open, { rows, members, names }, words);
  else
    for (const cluster of open)
      names[cluster] = commonest(members[cluster]!, rows.folders) ?? `cluster ${cluster + 1}`;
  return numbered(names.map((name) => name ?? 'mixed'));
}

/** The label of most of these rows, if it is most of them. */
function commonest(own: readonly number[], labels: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const row of own) {
    const label = labels[row];
    if (label) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return best && best[1] >= MOST_OF_IT * own.length ? best[0] : undefined;
}

interface Naming {
  rows: NamedRows;
  members: readonly number[][];
  /** Gets the names. */
  names: (string | undefined)[];
}

/** The strongest pair of a cluster and a word first, each of both once. */
function* nameByWords(
  open: readonly number[],
  { rows: { vectors }, members, names }: Naming,
  words: readonly NamingWord[],
): Generator<number, void> {
  const usual = meanOf(
    vectors,
    vectors.map((_, row) => row),
  );
  const fits: Pair[] = [];
  for (const [done, cluster] of open.entries()) {
    fits.push(...fitting(cluster, { words, usual, own: members[cluster]!, vectors }));
    yield done / open.length;
  }
  fits.sort((a, b) => b.strength - a.strength || a.cluster - b.cluster || a.word - b.word);
  const taken = new Set(names);
  for (const { cluster, word } of fits) {
    const name = words[word]!.word;
    if (names[cluster] !== undefined || taken.has(name)) continue;
    names[cluster] = name;
    taken.add(name);
  }
}

interface Pair {
  cluster: number;
  word: number;
  strength: number;
}

/** Of the strongest words of a cluster those that say what most of its rows are. */
function fitting(cluster: number, { words, usual, own, vectors }: Fitting): Pair[] {
  const middle = meanOf(vectors, own);
  const pairs = words
    .map(({ vector, isKind }, word): Pair => {
      const strength = 2 * dot(vector, middle) - dot(vector, usual);
      return { cluster, word, strength: isKind ? strength * KIND_BONUS : strength };
    })
    .sort((a, b) => b.strength - a.strength || a.word - b.word)
    .slice(0, TRIED);
  const step = Math.max(1, own.length / ASKED);
  const asked = Array.from({ length: Math.min(ASKED, own.length) }, (_, at) => own[Math.floor(at * step)]!);
  const scores = asked.map((row) => Float32Array.from(words, ({ vector }) => dot(vector, vectors[row]!)));
  const isAmongBest = (all: Float32Array, word: number): boolean =>
    all.reduce((better, score) => better + Number(score > all[word]!), 0) <= AMONG_BEST * words.length;
  const fits = (word: number): number => scores.filter((all) => isAmongBest(all, word)).length;
  return pairs.filter(({ word }) => 2 * fits(word) >= asked.length);
}

interface Fitting {
  words: readonly NamingWord[];
  /** The mean of all rows. */
  usual: Float32Array;
  /** The cluster's rows. */
  own: readonly number[];
  vectors: readonly Float32Array[];
}

function meanOf(vectors: readonly Float32Array[], rows: readonly number[]): Float32Array {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const row of rows) for (let at = 0; at < mean.length; at++) mean[at]! += vectors[row]![at]!;
  return Float32Array.from(mean, (sum) => sum / rows.length);
}

/** ['mixed', 'sea', 'mixed'] → ['mixed', 'sea', 'mixed 2']. */
function numbered(names: readonly string[]): string[] {
  const taken = new Set<string>(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let number = 2;
    while (taken.has(`${name} ${number}`)) number++;
    taken.add(`${name} ${number}`);
    return `${name} ${number}`;
  });
}
