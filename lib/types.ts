/** The nouns of lookbook and the contracts between its rooms. Plain data, no behaviour. */
export type * from './types/exploring.js';
export type * from './types/filters.js';
export type * from './types/health.js';
export type * from './types/indexing.js';
export type * from './types/measuring.js';
export type * from './types/models.js';
export type * from './types/pictures.js';
export type * from './types/searching.js';
export type * from './types/showing.js';
export type * from './types/stores.js';
