import { LookbookError } from '../../errors.js';

/** A repository of a model hub at a commit, tag or branch. */
export interface HubName {
  /** owner/name */
  repository: string;
  revision: string;
}

const PREFIX = 'hf:';
const DEFAULT_REVISION = 'main';
const LONGEST = 96;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Whether a model's name is that of a hub repository rather than of a manifest. */
export function isHubName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * 'hf:owner/name@revision' → its parts; without a revision it is main.
 * @throws LookbookError that lists everything that is wrong with it.
 */
export function parseHubName(name: string): HubName {
  const [repository = '', revision = DEFAULT_REVISION, ...rest] = name.slice(PREFIX.length).split('@');
  const faults = [
    ...(isHubName(name) ? [] : [`it does not begin with ${PREFIX}`]),
    ...(rest.length ? ['it has more than one @'] : []),
    ...repositoryFaults(repository),
    ...revisionFaults(revision),
  ];
  if (faults.length === 0) return { repository, revision };
  throw new LookbookError('models', {
    what: 'this is no name of a hub repository',
    got: `${JSON.stringify(name)} (${faults.join('; ')})`,
    expected: 'hf:owner/name or hf:owner/name@revision',
    mend: 'Copy owner/name from the page of the repository, or choose a model of `npm run models -- list`.',
  });
}

/** Where a repository's files lie below models/, known from its name alone: owner--name--revision. */
export function folderOfRepository({ repository, revision }: HubName): string {
  return [...repository.split('/'), ...revision.split('/')].join('--');
}

function repositoryFaults(repository: string): string[] {
  const parts = repository.split('/');
  if (parts.length !== 2) return ['owner and name are not parted by one slash'];
  // Hubs forbid double dashes in names, so that folders with them cannot be taken for another repository's.
  const bad = parts.filter((part) => !isWord(part) || part.includes('--'));
  return bad.map((part) => `${JSON.stringify(part)} is no owner or name`);
}

function revisionFaults(revision: string): string[] {
  // Double dashes stand for slashes in names of folders.
  return revision.split('/').every(isWord) && !revision.includes('--')
    ? []
    : [`${JSON.stringify(revision)} is no revision`];
}

function isWord(part: string): boolean {
  return part.length <= LONGEST && WORD.test(part) && !part.includes('..');
}
