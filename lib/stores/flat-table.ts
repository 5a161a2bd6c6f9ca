/** The rows of one collection in memory: ids, metadata and one block of vectors, searched exactly. */
import type { Metadata, Neighbour, NewRecord, Scalar, StoredRecord, Where } from '../types.js';
import { topK } from './top-k.js';
import { matches } from './where.js';

export class FlatTable {
  readonly #dimension: number;
  readonly #rowOf = new Map<string, number>();
  #ids: string[] = [];
  #metadata: Metadata[] = [];
  /** float32[capacity, dimension] */
  #vectors: Float32Array;

  constructor(dimension: number) {
    this.#dimension = dimension;
    this.#vectors = new Float32Array(16 * dimension);
  }

  get size(): number {
    return this.#ids.length;
  }

  has(id: string): boolean {
    return this.#rowOf.has(id);
  }

  put({ id, vector, metadata }: NewRecord): void {
    let row = this.#rowOf.get(id);
    if (row === undefined) {
      row = this.#ids.length;
      this.#grow(row + 1);
      this.#rowOf.set(id, row);
      this.#ids.push(id);
    }
    this.#metadata[row] = { ...metadata };
    this.#vectors.set(vector, row * this.#dimension);
  }

  /** An id that is not stored stays so. */
  change(id: string, changes: Record<string, Scalar | null>): void {
    const row = this.#rowOf.get(id);
    if (row === undefined) return;
    const metadata = { ...this.#metadata[row] };
    for (const [field, value] of Object.entries(changes))
      if (value === null) delete metadata[field];
      else metadata[field] = value;
    this.#metadata[row] = metadata;
  }

  /** The last row moves into the gap. */
  delete(id: string): void {
    const row = this.#rowOf.get(id);
    if (row === undefined) return;
    const last = this.#ids.length - 1;
    const moved = this.#ids[last]!;
    this.#ids[row] = moved;
    this.#metadata[row] = this.#metadata[last]!;
    this.#vectors.copyWithin(row * this.#dimension, last * this.#dimension, (last + 1) * this.#dimension);
    this.#rowOf.set(moved, row);
    this.#rowOf.delete(id);
    this.#ids.pop();
    this.#metadata.pop();
  }

  get(id: string, vectors: boolean): StoredRecord | undefined {
    const row = this.#rowOf.get(id);
    return row === undefined ? undefined : this.#record(row, vectors);
  }

  /** The ids that pass now, in order of storing. */
  select(where?: Where): string[] {
    return this.#rows(where).map((row) => this.#ids[row]!);
  }

  count(where?: Where): number {
    return where ? this.#rows(where).length : this.size;
  }

  nearest(
    vector: Float32Array,
    k: number,
    { where, ids }: { where?: Where | undefined; ids?: readonly string[] | undefined } = {},
  ): Neighbour[] {
    const rows = ids ? this.#among(ids, where) : this.#rows(where);
    const scores = new Float64Array(this.size);
    for (const row of rows) scores[row] = this.#score(vector, row);
    const isWorse = (a: number, b: number): boolean =>
      scores[a] === scores[b] ? this.#ids[a]! > this.#ids[b]! : scores[a]! < scores[b]!;
    return topK(rows, k, isWorse).map((row) => ({
      id: this.#ids[row]!,
      score: scores[row]!,
      metadata: { ...this.#metadata[row] },
    }));
  }

  *records(): Generator<NewRecord, void, undefined> {
    for (let row = 0; row < this.size; row++) {
      const { id, metadata } = this.#record(row, false);
      yield { id, metadata, vector: this.#vector(row) };
    }
  }

  #rows(where?: Where): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.size; row++)
      if (!where || matches(where, this.#metadata[row]!)) rows.push(row);
    return rows;
  }

  #among(ids: readonly string[], where?: Where): number[] {
    const rows = [...new Set(ids)].flatMap((id) => this.#rowOf.get(id) ?? []);
    return where ? rows.filter((row) => matches(where, this.#metadata[row]!)) : rows;
  }

  #score(vector: Float32Array, row: number): number {
    const block = this.#vectors;
    let sum = 0;
    let at = row * this.#dimension;
    for (let i = 0; i < vector.length; i++) sum += vector[i]! * block[at++]!;
    return sum;
  }

  #record(row: number, vectors: boolean): StoredRecord {
    const record = { id: this.#ids[row]!, metadata: { ...this.#metadata[row] } };
    return vectors ? { ...record, vector: this.#vector(row) } : record;
  }

  #vector(row: number): Float32Array {
    return this.#vectors.slice(row * this.#dimension, (row + 1) * this.#dimension);
  }

  #grow(rows: number): void {
    if (rows * this.#dimension <= this.#vectors.length) return;
    const larger = new Float32Array(Math.max(rows * this.#dimension, 2 * this.#vectors.length));
    larger.set(this.#vectors);
    this.#vectors = larger;
  }
}
