import { poolRow } from './arithmetic/pooling.js';
import { isFiniteVector, normalise, standardise } from './arithmetic/vectors.js';
import { openTogether } from './closers.js';
import { LookbookError } from './errors.js';
import { refuseMisfits } from './graph-checks.js';
import { constantFeeds, inRuns } from './graph-feeds.js';
import type { TextTower as TextRule } from './models/manifest.js';
import { type DeviceOptions, openOnnxModel, type TensorData } from './onnx.js';
import { loadTokenizer, type Tokens } from './tokenizer.js';

/** Texts encoded in one run; longer lists are split. */
const TEXT_BATCH = 64;

/** The side of a model that reads texts. */
export interface TextTower {
  /** One vector a text, float32[dimension], of length 1. */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  /** What is read of a text that is longer than the model's context, as a sentence; undefined where all of it is. */
  cutOf(text: string): string | undefined;
  close(): Promise<void>;
}

/**
 * Opens tokenizer and graph and reads one word with them.
 * @param about whose tower it is, for messages; `dimension` is what its vectors must have.
 * @throws LookbookError that lists what does not fit the manifest: names, types, dimension, numbers that are not finite.
 */
export function openTextTower(
  rule: TextRule,
  files: Record<string, string>,
  about: { name: string; dimension: number } & DeviceOptions,
): Promise<TextTower> {
  const { name, dimension, ...place } = about;
  return openTogether(async (keep) => {
    const tokenizer = await loadTokenizer(rule.tokenizer, files[rule.tokenizer.file]!);
    // One graph with both sides is opened as its picture side opens it, so that both share it.
    const runs = rule.file === 'image' ? { manyRuns: true } : { spin: true };
    const model = await keep(openOnnxModel(files[rule.file]!, { ...place, ...runs }));
    refuseMisfits(model, {
      name,
      inputs: { ...namesOf(rule), ...constantNames(rule) },
      outputs: { [rule.output]: dimension },
      batch: { input: rule.inputs.ids, size: rule.batch },
    });
    const prefix = rule.prefix ?? '';
    const tower: TextTower = {
      async embed(texts) {
        const vectors: Float32Array[] = [];
        for (const part of inRuns(texts, rule.batch ?? TEXT_BATCH)) {
          // A graph of a fixed batch gets its last text again and again, until it is full.
          const rows = rule.batch ?? part.length;
          const full = Array.from({ length: rows }, (_, row) => part[Math.min(row, part.length - 1)]!);
          const tokens = tokenizer.tokenize(full.map((text) => prefix + text));
          const results = await model.run(feedsOf(tokens, rule), [rule.output]);
          const all = vectorsOf(results[rule.output], tokens, { rule, name, dimension });
          vectors.push(...all.slice(0, part.length));
        }
        return vectors;
      },
      cutOf(text) {
        if (!tokenizer.isCut(prefix + text)) return undefined;
        return `${name} reads the beginning of a text only, and this one is longer: the rest was left out.`;
      },
      close: () => model.close(),
    };
    await tower.embed(['a']);
    return tower;
  });
}

function namesOf(rule: TextRule): Record<string, string> {
  const names = Object.values(rule.inputs).filter((input) => input !== undefined);
  return Object.fromEntries(names.map((input) => [input, rule.idType]));
}

function constantNames(rule: TextRule): Record<string, string> {
  return Object.fromEntries(Object.entries(rule.constants ?? {}).map(([input, { type }]) => [input, type]));
}

function feedsOf(tokens: Tokens, rule: TextRule): Record<string, TensorData> {
  const { inputs, idType } = rule;
  const rows = tokens.ids.length / tokens.length;
  const dims = [rows, tokens.length];
  const feeds: Record<string, TensorData> = {
    ...constantFeeds(rule.constants, rows),
    [inputs.ids]: integers(tokens.ids, dims, idType),
  };
  if (inputs.mask) feeds[inputs.mask] = integers(tokens.mask, dims, idType);
  if (inputs.types)
    feeds[inputs.types] = integers(new Array<number>(tokens.ids.length).fill(0), dims, idType);
  if (inputs.ngrams && tokens.ngrams) {
    const { ids, width } = tokens.ngrams;
    feeds[inputs.ngrams] = integers(ids, [...dims, width], idType);
  }
  return feeds;
}

function integers(values: readonly number[], dims: number[], type: 'int64' | 'int32'): TensorData {
  return type === 'int64'
    ? { type, data: BigInt64Array.from(values, BigInt), dims }
    : { type, data: Int32Array.from(values), dims };
}

function vectorsOf(
  tensor: TensorData | undefined,
  tokens: Tokens,
  at: { rule: TextRule; name: string; dimension: number },
): Float32Array[] {
  const { rule, name, dimension } = at;
  const rows = tokens.ids.length / tokens.length;
  const dims = tensor?.dims.slice(1) ?? [];
  const width = dims.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: rows }, (_, row) => {
    const data =
      tensor?.type === 'float32' ? tensor.data.subarray(row * width, (row + 1) * width) : undefined;
    const counts = tokens.mask.slice(row * tokens.length, (row + 1) * tokens.length);
    const vector = data && poolRow(data, dims, { pooling: rule.pooling, counts });
    if (vector?.length === dimension && isFiniteVector(vector))
      return normalise(rule.layerNorm ? standardise(vector) : vector);
    throw new LookbookError('encoder', {
      what: `the output ${rule.output} of the text side of ${name} is not usable`,
      got:
        vector?.length === dimension
          ? 'numbers that are not finite'
          : `${tensor?.type ?? 'nothing'} [${tensor?.dims}]`,
      expected: `${dimension} finite numbers a text`,
      mend: 'Check output, pooling and dimension of the text side in the manifest, or fetch the weights again.',
    });
  });
}
