/** The chromadb client with nothing around it: what the figures of the store's speed are measured against. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import type { NewRecord } from '../types.js';

export interface BareStore {
  /** One call. */
  upsert(records: readonly NewRecord[]): Promise<void>;
  drop(): Promise<void>;
}

/** A new collection on the server that serves this folder already. */
export async function openBareStore(chroma: string, name: string): Promise<BareStore> {
  const { port } = JSON.parse(await readFile(join(chroma, 'server.json'), 'utf8'));
  const client = new ChromaClient({ host: '127.0.0.1', port, ssl: false });
  const configuration = { hnsw: { space: 'cosine' as const } };
  const collection = await client.createCollection({ name, configuration, embeddingFunction: null });
  return {
    async upsert(records) {
      await collection.upsert({
        ids: records.map(({ id }) => id),
        embeddings: records.map(({ vector }) => Array.from(vector)),
        metadatas: records.map(({ metadata }) => metadata),
      });
    },
    drop: () => client.deleteCollection({ name }),
  };
}
