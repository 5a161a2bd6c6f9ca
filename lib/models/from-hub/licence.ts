/** Licences that a README of a hub may name and that do not allow every use. */
const RESTRICTED = /(^|-)nc(-|$)|non-?commercial|research|apple-amlr|gemma|llama|rail/i;
const LONGEST = 60;
const UNNAMED = 'The repository names no licence that can be read here: read its page before use.';

/**
 * The licence that the front matter of a README names, and why it does not allow every use.
 * @param readme null where the repository has none.
 */
export function licenceOf(readme: string | null): { licence: string; terms?: string } {
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme?.slice(0, 20_000) ?? '')?.[1] ?? '';
  const named = fieldOf(front, 'license');
  const own = fieldOf(front, 'license_name');
  const licence = named === 'other' ? own : named;
  if (named === undefined) return { licence: 'not named by the repository', terms: UNNAMED };
  if (licence === undefined)
    return { licence: 'other', terms: 'The repository has a licence of its own: read it before use.' };
  if (RESTRICTED.test(licence))
    return { licence, terms: `The weights are licensed ${licence}, which does not allow every use.` };
  return named === 'other'
    ? { licence, terms: `The repository has a licence of its own, ${licence}: read it before use.` }
    : { licence };
}

/** A plain scalar of YAML at the top level; whatever else stands there is none. */
function fieldOf(front: string, name: string): string | undefined {
  const line = front.split(/\r?\n/).find((candidate) => candidate.startsWith(`${name}:`));
  const value = /^["']?([A-Za-z0-9][A-Za-z0-9 .+_-]*)["']?$/.exec(
    line?.slice(name.length + 1).trim() ?? '',
  )?.[1];
  return value === undefined || value.length > LONGEST ? undefined : value;
}
