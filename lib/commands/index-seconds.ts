import { join } from 'node:path';
import type { Settings } from '../config.js';
import { openCatalogue } from '../indexing/catalogue.js';
import { runIndex } from '../indexing/indexer.js';
import { openStore } from '../stores/open-store.js';
import type { Encoder } from '../types.js';
import { workshopOf } from './clip-b32-workshop.js';
import { secondsOf } from './interleaved.js';
import type { Workplace } from './many-pictures.js';

let runs = 0;

/** A whole run of the indexer over files that it has never seen, into a store in memory. @param pictures must be stored. */
export async function indexSeconds(
  encoder: Encoder,
  settings: Settings,
  { place, pictures }: { place: Workplace; pictures: number },
): Promise<number> {
  const store = await openStore('memory:');
  const workshop = await workshopOf(encoder, { store, name: 'encode', masks: place.masks });
  const catalogue = await openCatalogue(join(place.folder, `catalogue-${runs++}`));
  const seconds = await secondsOf(() => runIndex(settings, workshop, catalogue));
  const stored = await workshop.pictures.count();
  if (stored !== pictures) throw new Error(`${stored} of ${pictures} pictures were stored`);
  await catalogue.close();
  await store.close();
  return seconds;
}
