/** The gate of the npm package chromadb: collections of rows on a Chroma server, embedded or remote. */
import { ChromaClient, type Collection, type CreateCollectionConfiguration } from 'chromadb';
import { LookbookError } from '../errors.js';
import type { CollectionSpec, CollectionSummary, Metadata, VectorCollection, VectorStore } from '../types.js';
import { checkSame, checkSpec, closedStore, unknownCollection } from './checks.js';
import { plain } from './chroma-fields.js';
import { isNamed, withoutLogin, withRetries } from './chroma-retry.js';
import { ChromaRows, type TableCall } from './chroma-rows.js';

/** Where a server is found. */
export interface ChromaPlace {
  readonly url: string;
  /** A server that is started again where it died: worth waiting for, even when a store is opened. */
  readonly comesBack?: boolean;
  /** Finds or starts the server again where it was lost; the url may change then. Costs nothing else. */
  ensure(): Promise<void>;
  /** Changes when other files take the place of the store's; without it the url names the store. */
  identity?(): Promise<string>;
  close(): Promise<void>;
}

export interface ChromaOptions {
  /** For a remote server behind a gate, such as { authorization: 'Bearer …' }. */
  headers?: Record<string, string>;
  /** Milliseconds for one call; default a minute. */
  timeoutMs?: number;
  /** Further tries of a call that fails; default about six seconds of them. */
  retries?: number;
}

/** Facts of the collection's own metadata carry this prefix beside fingerprint and dimension. */
const factPrefix = 'fact.';
const pageOfCollections = 100;

/** @throws when nothing answers there. */
export async function openChromaStore(place: ChromaPlace, options: ChromaOptions = {}): Promise<VectorStore> {
  const store = new ChromaStore(place, options);
  try {
    await store.call('store', (client) => client.heartbeat(), place.comesBack ? undefined : 3);
    return store;
  } catch (error) {
    if (!isNamed(error, 'ChromaNotFoundError')) throw error;
    throw new LookbookError('store', {
      what: `what answers at ${withoutLogin(place.url)} is no Chroma server of this kind`,
      got: 'a server without /api/v2/heartbeat',
      expected: 'Chroma 1.0 or newer',
      mend: 'Correct CHROMA in the config cell, or update that server.',
      cause: error,
    });
  }
}

class ChromaStore implements VectorStore {
  readonly kind = 'chroma';
  readonly capabilities = { persistent: true, exact: false };
  readonly #place: ChromaPlace;
  readonly #options: ChromaOptions;
  #client: { url: string; api: ChromaClient } | undefined;
  #closed = false;

  constructor(place: ChromaPlace, options: ChromaOptions) {
    this.#place = place;
    this.#options = options;
  }

  call<T>(where: string, act: (client: ChromaClient) => Promise<T>, retries?: number): Promise<T> {
    const once = async (): Promise<T> => {
      if (this.#closed) throw closedStore(where);
      // Without its lease the old address may be another store's by now.
      await this.#place.ensure();
      return act(this.#api());
    };
    const url = (): string => withoutLogin(this.#place.url);
    const { timeoutMs = 60_000, retries: usual } = this.#options;
    const most = retries ?? usual;
    return withRetries(once, { where, url, timeoutMs, ...(most === undefined ? {} : { retries: most }) });
  }

  async open(spec: CollectionSpec): Promise<VectorCollection> {
    checkSpec(spec);
    const where = `store ${spec.name}`;
    const found = await this.call(where, (client) => findOrCreate(client, spec));
    const { fingerprint, dimension } = identityOf(found);
    checkSame(spec, { fingerprint, dimension });
    const { hnsw, spann } = found.configuration;
    const space = hnsw?.space ?? spann?.space ?? 'unknown';
    if (space !== 'cosine')
      throw new LookbookError(where, {
        what: 'the collection measures another distance',
        got: space,
        expected: 'cosine',
        mend: `Drop "${spec.name}" and index again, or choose another name.`,
      });
    const maxBatch = await this.call(where, (client) => client.getMaxBatchSize());
    const place = (await this.#place.identity?.()) ?? withoutLogin(this.#place.url);
    // A handle by id costs no call and outlives a server that starts again.
    const table: TableCall = (act) => this.call(where, (client) => act(client.collection(found.id)));
    return new ChromaRows(spec, table, { identity: `${place} ${found.id}`, maxBatch });
  }

  async list(): Promise<CollectionSummary[]> {
    const summaries: CollectionSummary[] = [];
    for (let offset = 0; ; offset += pageOfCollections) {
      const page = await this.call('store', (client) =>
        client.listCollections({ limit: pageOfCollections, offset }),
      );
      for (const collection of page) {
        const { fingerprint, dimension, facts } = identityOf(collection);
        // Others may keep collections on the same server.
        if (fingerprint === undefined || dimension === undefined) continue;
        const count = await this.#countOf(collection.id);
        if (count !== undefined)
          summaries.push({ name: collection.name, fingerprint, dimension, count, facts });
      }
      if (page.length < pageOfCollections) return summaries.sort((a, b) => (a.name < b.name ? -1 : 1));
    }
  }

  async drop(name: string): Promise<void> {
    const known = await this.list();
    if (!known.some((collection) => collection.name === name)) throw unknownCollection(name, known);
    await this.call(`store ${name}`, (client) => client.deleteCollection({ name })).catch(
      (error: unknown) => {
        // A repeated call finds that the first one was done.
        if (!isNamed(error, 'ChromaNotFoundError')) throw error;
      },
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#place.close();
  }

  /** undefined for a collection that somebody drops at this moment. */
  async #countOf(id: string): Promise<number | undefined> {
    try {
      return await this.call('store', (client) => client.collection(id).count());
    } catch (error) {
      if (isNamed(error, 'ChromaNotFoundError')) return undefined;
      throw error;
    }
  }

  #api(): ChromaClient {
    const { url } = this.#place;
    if (this.#client?.url !== url) this.#client = { url, api: clientOf(url, this.#options.headers) };
    return this.#client.api;
  }
}

/** What a collection's files are named after, and how many neighbours its index links; to read them without the server. */
export interface ChromaIdentity {
  id: string;
  neighbours?: number;
}

/** name → identity, of all collections of a server. */
export async function chromaIdentities({ url }: ChromaPlace): Promise<Map<string, ChromaIdentity>> {
  const client = clientOf(url);
  const found = new Map<string, ChromaIdentity>();
  for (let offset = 0; ; offset += pageOfCollections) {
    const page = await client.listCollections({ limit: pageOfCollections, offset });
    for (const { name, id, configuration } of page) {
      const neighbours = configuration.hnsw?.max_neighbors;
      found.set(name, { id, ...(typeof neighbours === 'number' ? { neighbours } : {}) });
    }
    if (page.length < pageOfCollections) return found;
  }
}

/** http(s)://[name:password@]host[:port][?tenant=…&database=…] */
function clientOf(url: string, headers: Record<string, string> = {}): ChromaClient {
  const { protocol, hostname, port, username, password, searchParams } = new URL(url);
  const ssl = protocol === 'https:';
  const tenant = searchParams.get('tenant');
  const database = searchParams.get('database');
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  return new ChromaClient({
    host: hostname,
    port: Number(port) || (ssl ? 443 : 80),
    ssl,
    headers: username ? { authorization: `Basic ${login}`, ...headers } : headers,
    ...(tenant ? { tenant } : {}),
    ...(database ? { database } : {}),
  });
}

/**
 * Words lie apart from pictures, and pictures in groups: of 10,000 real vectors × 512 the ten nearest to words are found to .82 with
 * Chroma's own 100, .85 with 200, .93 with 400 and .996 with 800, for 2.8, 2.2, 2.5 and 3.5 ms of the server's CPU (busy
 * machine). A denser graph costs more and helps less: 48 neighbours, built with 400, reach .91 with 100.
 */
const EF_SEARCH = 800;

async function findOrCreate(client: ChromaClient, spec: CollectionSpec): Promise<Collection> {
  const { name, dimension, fingerprint, facts = {}, hnsw = {} } = spec;
  try {
    return await client.getCollection({ name });
  } catch (error) {
    if (!isNamed(error, 'ChromaNotFoundError')) throw error;
  }
  const configuration: CreateCollectionConfiguration = {
    hnsw: {
      space: 'cosine',
      ...(hnsw.efConstruction === undefined ? {} : { ef_construction: hnsw.efConstruction }),
      ef_search: hnsw.efSearch ?? EF_SEARCH,
      ...(hnsw.maxNeighbors === undefined ? {} : { max_neighbors: hnsw.maxNeighbors }),
      ...(hnsw.syncThreshold === undefined ? {} : { sync_threshold: hnsw.syncThreshold }),
    },
  };
  const kept = Object.fromEntries(Object.entries(facts).map(([key, value]) => [factPrefix + key, value]));
  const metadata = { ...kept, fingerprint, dimension };
  try {
    return await client.createCollection({ name, configuration, metadata, embeddingFunction: null });
  } catch (error) {
    // Another process was quicker, or our own first try had arrived.
    if (!isNamed(error, 'ChromaUniqueError')) throw error;
    return client.getCollection({ name });
  }
}

function identityOf({ metadata = {} }: Collection): {
  fingerprint: string | undefined;
  dimension: number | undefined;
  facts: Metadata;
} {
  const { fingerprint, dimension } = metadata;
  const facts = Object.entries(plain(metadata)).filter(([key]) => key.startsWith(factPrefix));
  return {
    fingerprint: typeof fingerprint === 'string' ? fingerprint : undefined,
    dimension: typeof dimension === 'number' ? dimension : undefined,
    facts: Object.fromEntries(facts.map(([key, value]) => [key.slice(factPrefix.length), value])),
  };
}
