import {
  type Candidate,
  cosineDistance,
  emptyLists,
  fourCosines,
  type NearestLists,
  offer,
  type ScaledRows,
  scan,
} from '../arithmetic/neighbours.js';
import { inTurns } from '../turns.js';
import type { NearestGraph, RoughNearest } from './neighbours-graph.js';
import { gatherRows, type Rows } from './neighbours-rows.js';

/** Rows of a query block and of a key block: 33 MB of cosines a lane. */
const QUERY_ROWS = 2048;
const KEY_ROWS = 4096;
/** Candidates beyond k of each pair of blocks, so that rounding at the end of the list does not decide: by its bits. */
const SPARE = { 24: 8, 11: 64 };
/** Who is compared with whom. */
export interface Sides {
  queries: Rows;
  keys: Rows;
  /** Whether both are the same rows, of which none is its own neighbour. */
  same: boolean;
}

type Turn = (share: number) => Promise<void>;

/** By plain loops. */
export async function scanAll({ queries, keys, same }: Sides, k: number, turn: Turn): Promise<NearestLists> {
  const lists = emptyLists(queries.count, k);
  const blocks = blockPairs(queries.count, keys.count);
  if (k === 0) return lists;
  for (const [done, { query, key }] of blocks.entries()) {
    const block = {
      queries: await queries.read(query, Math.min(queries.count, query + QUERY_ROWS)),
      keys: await keys.read(key, Math.min(keys.count, key + KEY_ROWS)),
    };
    const work = scan(lists, block, { queries: query, keys: key, same });
    await inTurns(work, (share) => turn((done + share) / blocks.length));
  }
  return lists;
}

function blockPairs(queries: number, keys: number): { query: number; key: number }[] {
  const pairs: { query: number; key: number }[] = [];
  for (let query = 0; query < queries; query += QUERY_ROWS)
    for (let key = 0; key < keys; key += KEY_ROWS) pairs.push({ query, key });
  return pairs;
}

/**
 * What a product of unit rows may be off: a float32 sum wanders by the root of its length, and numbers that are rounded
 * before are each off by half of their last bit.
 */
function roundingOf(dimension: number, bits: NearestGraph['bits']): number {
  return 2 ** -24 * (16 + 8 * Math.sqrt(dimension)) + (bits === 24 ? 0 : 2 * 2 ** -bits);
}

/** By the graph, block by block; what it finds is measured again exactly. */
export async function multiplyAll(
  graph: NearestGraph,
  { queries, keys, same }: Sides,
  { k, turn }: { k: number; turn: Turn },
): Promise<NearestLists> {
  const lists = emptyLists(queries.count, k);
  // The best cosine that a block may have kept from each row.
  const unseen = new Float32Array(queries.count).fill(Number.NEGATIVE_INFINITY);
  const rounding = roundingOf(queries.dimension, graph.bits);
  const blocks = blockPairs(queries.count, keys.count);
  let next = 0;
  let done = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < blocks.length && !failed; at = next++) {
      const { query, key } = blocks[at]!;
      const block = {
        queries: await queries.read(query, Math.min(queries.count, query + QUERY_ROWS)),
        keys: await keys.read(key, Math.min(keys.count, key + KEY_ROWS)),
      };
      const most = Math.min(k + SPARE[graph.bits] + (same ? 1 : 0), block.keys.scales.length);
      const rough = await graph.nearest(block.queries, block.keys, most);
      const work = refine(lists, { ...block, rough, unseen, rounding }, { queries: query, keys: key, same });
      await inTurns(work, () => turn(done / blocks.length));
      done++;
      await turn(done / blocks.length);
    }
  };
  // One more than run at once, so that no lane waits for the work on the last answer.
  const lanes = Array.from({ length: graph.lanes + 1 }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ended = await Promise.allSettled(lanes);
  const failure = ended.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  await settle({ queries, keys, same }, { lists, unseen, rounding, turn });
  return lists;
}

interface RoughBlock {
  queries: ScaledRows;
  keys: ScaledRows;
  rough: RoughNearest;
  unseen: Float32Array;
  rounding: number;
}

/** Gives the candidates of a block their exact distance and offers them; pauses now and then. */
function* refine(
  lists: NearestLists,
  { queries, keys, rough, unseen, rounding }: RoughBlock,
  place: { queries: number; keys: number; same: boolean },
): Generator<number, void> {
  const { most, indices, cosines } = rough;
  const exact = fourCosines(keys, queries);
  const four = new Int32Array(4);
  const candidate: Candidate = { index: 0, distance: 0 };
  for (let row = 0; row < queries.scales.length; row++) {
    const own = place.queries + row;
    const last = (own + 1) * lists.k - 1;
    for (let n = 0; n < most; n += 4) {
      // Those that follow are no nearer.
      if (cosines[row * most + n]! + rounding < 1 - lists.distances[last]!) break;
      const group = Math.min(4, most - n);
      for (let at = 0; at < 4; at++) four[at] = indices[row * most + n + Math.min(at, group - 1)]!;
      const found = exact(four, row);
      for (let at = 0; at < group; at++) {
        candidate.index = place.keys + four[at]!;
        if (place.same && candidate.index === own) continue;
        candidate.distance = cosineDistance(found[at]!);
        offer(lists, own, candidate);
      }
    }
    if (most < keys.scales.length) unseen[own] = Math.max(unseen[own]!, cosines[row * most + most - 1]!);
    if (row % 256 === 255) yield row / queries.scales.length;
  }
}

/**
 * Rows whose list could hold another one that no block showed, as crowds of equal vectors have, are compared with all
 * by plain loops: once for all rows that are equal.
 */
async function settle(
  { queries, keys, same }: Sides,
  {
    lists,
    unseen,
    rounding,
    turn,
  }: { lists: NearestLists; unseen: Float32Array; rounding: number; turn: Turn },
): Promise<void> {
  const { k } = lists;
  const open = new Map<string, { values: Float32Array; rows: number[] }>();
  for (let row = 0; row < queries.count; row++) {
    if (unseen[row]! + rounding < 1 - lists.distances[(row + 1) * k - 1]!) continue;
    const { values } = await queries.read(row, row + 1);
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('latin1');
    const equal = open.get(bytes) ?? { values: values.slice(), rows: [] };
    equal.rows.push(row);
    open.set(bytes, equal);
    await turn(1);
  }
  if (!open.size) return;
  const crowds = [...open.values()];
  const some = await gatherRows(crowds.map(({ values }) => values));
  // One more than asked for: the row itself may be among them.
  const most = Math.min(keys.count, k + 1);
  const found = await scanAll({ queries: some, keys, same: false }, most, () => turn(1));
  for (const [crowd, { rows }] of crowds.entries()) {
    for (const row of rows) {
      let to = row * k;
      for (let n = 0; n < most && to < (row + 1) * k; n++) {
        const index = found.indices[crowd * most + n]!;
        if (same && index === row) continue;
        lists.indices[to] = index;
        lists.distances[to++] = found.distances[crowd * most + n]!;
      }
    }
  }
}
