import pLimit from 'p-limit';
import { isFiniteVector } from './arithmetic/vectors.js';
import { LookbookError } from './errors.js';
import { refuseMisfits } from './graph-checks.js';
import { constantFeeds, inRuns } from './graph-feeds.js';
import type { PromptRule } from './models/manifest.js';
import { type DeviceOptions, type OnnxModel, openOnnxModel, type TensorData } from './onnx.js';
import type { Features } from './picture-graph.js';

/** A point of a prompt, in pixels of the resized picture: 1 is inside, 2 and 3 are the corners of a box. */
export interface PromptPoint {
  x: number;
  y: number;
  label: 1 | 2 | 3;
}

/** What the graph drew for one prompt: M masks, each with the IoU that it predicts for itself. */
export interface DrawnMasks {
  /** float32[M] */
  scores: Float32Array;
  /** M maps, each float32[height, width]; they may be views of one piece of memory. */
  logits: Float32Array[];
  width: number;
  height: number;
}

/** Draws masks for points, given what the picture graph saw of one picture. */
export interface MaskDecoder {
  /**
   * @param prompts all of one length.
   * @param take gets the masks of each prompt as soon as they are there, in no certain order; nobody keeps them after it.
   */
  draw(
    seen: Record<string, Features>,
    prompts: readonly (readonly PromptPoint[])[],
    take: (drawn: DrawnMasks, index: number) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Prompts in one run: three masks of 256 × 256 for each of them are 25 MB, and between 8 and 64 no number was clearly faster. */
const PROMPTS_PER_RUN = 32;

/**
 * Opens the graph that draws masks for points; as many runs are under way as the graph has lanes.
 * @param about whose graph it is, for messages.
 * @throws LookbookError that lists where graph and manifest differ.
 */
export async function openMaskDecoder(
  rule: PromptRule,
  path: string,
  about: { name: string } & DeviceOptions,
): Promise<MaskDecoder> {
  const { name, ...place } = about;
  const model = await openOnnxModel(path, { ...place, manyRuns: true });
  const constants = Object.entries(rule.constants ?? {}).map(([input, { type }]) => [input, type]);
  const embeddings = rule.embeddings.map((input) => [input, 'float32']);
  const { scores, masks } = rule.outputs;
  try {
    refuseMisfits(model, {
      name,
      inputs: {
        ...Object.fromEntries([...constants, ...embeddings]),
        [rule.inputs.points]: 'float32',
        [rule.inputs.labels]: rule.labelType,
      },
      outputs: { [scores]: null, [masks]: null },
    });
  } catch (error) {
    await model.close();
    throw error;
  }
  const turn = pLimit(model.lanes);
  const perRun = rule.form === 'one' ? 1 : (rule.batch ?? PROMPTS_PER_RUN);
  return {
    async draw(seen, prompts, take) {
      const runs = inRuns([...prompts.entries()], perRun);
      await Promise.all(
        runs.map((run) =>
          turn(async () => {
            const feeds = feedsOf(
              run.map(([, prompt]) => prompt),
              seen,
              rule,
            );
            const results = await model.run(feeds, [scores, masks]);
            const drawn = drawnOf(results, run.length, { rule, name, model });
            for (const [n, [index]] of run.entries()) take(drawn[n]!, index);
          }),
        ),
      );
    },
    close: () => model.close(),
  };
}

/** A run's memory is handed over with it: what the picture graph saw is copied for each. */
function feedsOf(
  prompts: readonly (readonly PromptPoint[])[],
  seen: Record<string, Features>,
  rule: PromptRule,
): Record<string, TensorData> {
  const full = prompts.map((prompt) => {
    const hasBox = prompt.some(({ label }) => label > 1);
    return rule.endPoint && !hasBox ? [...prompt, { x: 0, y: 0, label: -1 }] : prompt;
  });
  const dims = rule.form === 'one' ? [1, full[0]!.length] : [1, full.length, full[0]!.length];
  const points = full.flat();
  const labels = points.map(({ label }) => label);
  return {
    ...constantFeeds(rule.constants, 1),
    ...Object.fromEntries(
      rule.embeddings.map((name) => {
        const { data, dims } = seen[name]!;
        return [name, { type: 'float32', data: data.slice(), dims: [1, ...dims] } satisfies TensorData];
      }),
    ),
    [rule.inputs.points]: {
      type: 'float32',
      data: Float32Array.from(points.flatMap(({ x, y }) => [x, y])),
      dims: [...dims, 2],
    },
    [rule.inputs.labels]:
      rule.labelType === 'int64'
        ? { type: 'int64', data: BigInt64Array.from(labels, BigInt), dims }
        : { type: 'float32', data: Float32Array.from(labels), dims },
  };
}

/** scores [.., P, M] and masks [.., P, M, h, w] → the M of each prompt. @throws LookbookError when they are others. */
function drawnOf(
  results: Record<string, TensorData>,
  prompts: number,
  { rule, name, model }: { rule: PromptRule; name: string; model: OnnxModel },
): DrawnMasks[] {
  const scores = results[rule.outputs.scores];
  const masks = results[rule.outputs.masks];
  const many = scores?.dims.at(-1) ?? 0;
  const [height = 0, width = 0] = masks?.dims.slice(-2) ?? [];
  const fits =
    scores?.type === 'float32' &&
    masks?.type === 'float32' &&
    scores.data.length === prompts * many &&
    masks.data.length === prompts * many * height * width &&
    many > (rule.skip ?? 0);
  if (!fits || !isFiniteVector(scores.data)) {
    throw new LookbookError('segmenter', {
      what: `the outputs ${rule.outputs.scores} and ${rule.outputs.masks} of ${name} are not usable`,
      got: fits
        ? 'numbers that are not finite'
        : `[${scores?.dims}] and [${masks?.dims}] for ${prompts} prompts, from ${model.path}`,
      expected: `[.., P, M] and [.., P, M, h, w] with M more than ${rule.skip ?? 0}`,
      mend: 'Correct prompts in the manifest, or fetch the weights again.',
    });
  }
  const plane = height * width;
  return Array.from({ length: prompts }, (_, n) => ({
    scores: scores.data.subarray(n * many, (n + 1) * many),
    logits: Array.from({ length: many }, (_, m) => {
      const start = (n * many + m) * plane;
      return masks.data.subarray(start, start + plane);
    }),
    width,
    height,
  }));
}
