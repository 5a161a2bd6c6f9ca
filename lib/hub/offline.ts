import { LookbookError } from '../errors.js';
import type { HubFile } from './hub-file.js';
import { type HubPlace, placeInWords } from './names.js';
import { hubCacheFolder } from './settings.js';

/** The refusal to ask a hub while HF_HUB_OFFLINE is set; `target` is where the file would go, if anywhere. */
export function offlineRefusal(place: HubPlace & Partial<HubFile>, target: string | null): LookbookError {
  const searched = [...(target === null ? [] : [target]), `the Hugging Face cache ${hubCacheFolder()}`];
  return new LookbookError('hub', {
    what: 'something of a model hub is not on this machine, and HF_HUB_OFFLINE forbids to fetch it',
    got: `no ${placeInWords(place)} at ${searched.join(' nor in ')}`,
    expected: place.sha256 ? `the file with sha256 ${place.sha256}` : 'what was fetched before',
    mend: 'Unset HF_HUB_OFFLINE and run again, or bring it there from another machine.',
  });
}
