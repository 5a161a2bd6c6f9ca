import type { Settings } from '../config.js';
import { evaluate } from '../exploring/evaluation/evaluate.js';
import { projectPath } from '../paths.js';
import { evaluationPage } from '../rendering/evaluation.js';
import { checkQuery } from '../searching/query.js';
import { search } from '../searching/search.js';
import type { EvaluateOptions, Evaluation, PictureCard } from '../types.js';
import { writeWhole } from '../whole-file.js';
import type { OwnLibrary } from './own-library.js';
import { locate } from './own-places.js';

export interface EvaluationSources {
  settings: Settings;
  library: OwnLibrary;
  cards(of: Evaluation): Promise<PictureCard[]>;
}

/**
 * The figures of a lookbook, and their page where one is asked for; words are asked as a search asks them.
 * @throws LookbookError as `evaluate` does.
 */
export async function evaluateBook(
  options: EvaluateOptions,
  { settings, library, cards }: EvaluationSources,
): Promise<Evaluation> {
  const { encoder, pictures } = library;
  const { name, layer, allowPrivateUrls } = settings;
  const find = async (text: string, k: number): Promise<string[]> => {
    const query = checkQuery({ text, k, minRelevance: 0, collapse: false }, {});
    return (await search(query, library)).hits.map(({ imageId }) => imageId);
  };
  const sources = { name, encoder, layer, pictures, allowPrivateUrls, locate, find };
  const evaluation = await evaluate(sources, options);
  if (options.report !== undefined)
    await writeWhole(projectPath(options.report), evaluationPage(evaluation, await cards(evaluation)));
  return evaluation;
}
