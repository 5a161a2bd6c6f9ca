import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { ChromaPlace } from '#lib/stores/chroma.js';
import { openChromaServer } from '#lib/stores/chroma-server.js';
import { openStore } from '#lib/stores/open-store.js';
import { removeFolder, tempFolder } from '../stores/server-kit.js';
import { storeContract } from './store.js';

const folder = tempFolder();
const chroma = join(folder, 'chroma');
let server: ChromaPlace;

beforeAll(async () => {
  server = await openChromaServer(chroma, { graceMs: 300 });
});
afterAll(async () => {
  await server.close();
  await removeFolder(folder);
});

storeContract('memory:', { open: () => openStore('memory:') });
storeContract('flat:<folder>', { open: () => openStore(`flat:${join(folder, 'flat')}`) });
storeContract('<folder>', { open: () => openStore(chroma, { graceMs: 300 }) });
storeContract('http://…', { open: () => openStore(server.url) });
