/** The only door: what a notebook needs, by name. */
export { defineConfig, type LookbookConfig, type Settings } from './config.js';
export { LookbookError } from './errors.js';
export { interruptSignal } from './interrupt.js';
export { type Lookbook, type OpeningOptions, openLookbook } from './lookbook.js';
export { collections as collectionsTable } from './rendering/collections.js';
export { duplicatesTable } from './rendering/duplicates.js';
export { explanation as explanationTable } from './rendering/explanation.js';
export { contactSheet, gallery } from './rendering/gallery.js';
export { map } from './rendering/map.js';
export { mapPage } from './rendering/plotly.js';
export { prepared as preparedPictures } from './rendering/prepared.js';
export { progress as progressBar } from './rendering/progress.js';
export { estimate as estimateTable, report as reportTable } from './rendering/report.js';
export { type Together, together } from './together.js';
export type * from './types.js';
