/**
 * The names that are most alike to a wanted one, the most alike first: by the pairs of letters that both have (Dice's
 * coefficient), capitals counting as small ones. Pure.
 */
export function nearNames(wanted: string, names: readonly string[], most = 5): string[] {
  const own = pairsOf(wanted);
  return names
    .map((name) => ({ name, alike: likeness(own, pairsOf(name)) }))
    .filter(({ alike }) => alike > 0)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, most)
    .map(({ name }) => name);
}

function pairsOf(name: string): Set<string> {
  const text = ` ${name.toLowerCase()} `;
  return new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)));
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const pair of a) if (b.has(pair)) both++;
  return (2 * both) / (a.size + b.size);
}
