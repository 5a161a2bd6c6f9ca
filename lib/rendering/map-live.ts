import { readFileSync } from 'node:fs';

/** The files of the page's script, each after those that it takes from. */
const FILES = [
  'browser',
  'points',
  'search',
  'tiles',
  'near',
  'keyboard',
  'traces',
  'layout',
  'chosen',
  'live-map',
  'controls',
  'main',
];

/**
 * The script of a map's page as one classic script: the compiled files of map-live/ one after the other, without
 * their import and export words, because a page that is one file has no modules to import.
 */
export function liveScript(): string {
  const parts = FILES.map((name) =>
    readFileSync(new URL(`./map-live/${name}.js`, import.meta.url), 'utf8')
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^export \{\};$/gm, '')
      .replace(/^export (?=const|function|async)/gm, '')
      .replace(/^\/\/# sourceMappingURL=.*$/gm, ''),
  );
  return `(()=>{'use strict';\n${parts.join('\n')}})();`;
}
