import { readFileSync } from 'node:fs';

/** The files of the page's script, each after those that it takes from. */
const FILES = [
  'palette',
  'name-places',
  'map-marks',
  'map-live/browser',
  'map-live/points',
  'map-live/search',
  'map-live/frame',
  'map-live/picking',
  'map-live/tiles',
  'map-live/near',
  'map-live/keyboard',
  'map-live/dots',
  'map-live/layers',
  'map-live/marks',
  'map-live/cloud',
  'map-live/layout',
  'map-live/chosen',
  'map-live/live-map',
  'map-live/controls',
  'map-live/pointer',
  'map-live/main',
];

/**
 * The script of a map's page as one classic script: the compiled files one after the other, without
 * their import and export words, because a page that is one file has no modules to import.
 */
export function liveScript(): string {
  const parts = FILES.map((name) =>
    readFileSync(new URL(`./${name}.js`, import.meta.url), 'utf8')
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^export \{\};$/gm, '')
      .replace(/^export (?=const|function|async)/gm, '')
      .replace(/^\/\/# sourceMappingURL=.*$/gm, ''),
  );
  return `(()=>{'use strict';\n${parts.join('\n')}})();`;
}
