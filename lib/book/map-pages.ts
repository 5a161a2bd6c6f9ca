import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Settings } from '../config.js';
import { LookbookError } from '../errors.js';
import { projectPath } from '../paths.js';
import { mapPage } from '../rendering/plotly.js';
import type { ExploreOptions, MapView, VectorCollection } from '../types.js';
import { writeWhole } from '../whole-file.js';
import { ownPath, runFolder } from './own-places.js';

export interface PageSources {
  settings: Settings;
  options: ExploreOptions;
  collection: VectorCollection | null;
}

/** Pages of 11 MB and more: so many of one lookbook stay, the newest. */
const PAGES_KEPT = 10;

/**
 * Writes the page of a map to the path that was asked for, or to .lookbook/maps: one for each question and colouring, so
 * that the maps of one notebook do not lead to one page.
 * @returns the view with the page's address, or with a note of why there is no page.
 */
export async function writeMapPage(view: MapView, sources: PageSources): Promise<MapView> {
  const { settings, options } = sources;
  const isOwn = typeof options.page !== 'string';
  const path = isOwn ? pagePath(sources) : projectPath(String(options.page));
  try {
    await writeWhole(path, mapPage(view));
  } catch (error) {
    if (!(error instanceof LookbookError)) throw error;
    const note = `The map's own page could not be written: ${error.facts.got}.`;
    return { ...view, note: view.note ? `${view.note} ${note}` : note };
  }
  if (isOwn) await removeOldPages(path, basename(ownPath(settings, 'maps', '-')));
  return { ...view, page: addressOf(path) };
}

function pagePath({ settings, options, collection }: PageSources): string {
  const { of = 'pictures', query, colourBy, mostPoints, mostTiles } = options;
  const hits = query?.hits.map(({ imageId }) => imageId);
  const what = [collection?.fingerprint, query?.title, hits, colourBy, mostPoints, mostTiles];
  const key = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);
  return ownPath(settings, 'maps', `-${of}-${key}.html`);
}

/** How a notebook, or the page that `npm start` makes of it, links to a file: both reach it from disk, Lab from its server. */
function addressOf(path: string): string {
  const way = relative(runFolder() ?? projectPath('notebooks'), path);
  if (isAbsolute(way)) return pathToFileURL(path).href; // on another drive
  return way.split(sep).map(encodeURIComponent).join('/');
}

async function removeOldPages(path: string, prefix: string): Promise<void> {
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.html'));
  const pages = await Promise.all(
    names.map(async (name) => {
      const at = join(folder, name);
      return { at, time: (await stat(at).catch(() => ({ mtimeMs: 0 }))).mtimeMs }; // gone meanwhile
    }),
  );
  pages.sort((a, b) => b.time - a.time);
  await Promise.all(pages.slice(PAGES_KEPT).map(({ at }) => rm(at, { force: true })));
}
