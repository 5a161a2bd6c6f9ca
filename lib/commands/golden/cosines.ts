import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pixelValues } from '../../arithmetic/pixel-values.js';
import { dot, normalise } from '../../arithmetic/vectors.js';
import { decode } from '../../decoders/image.js';
import { type OnnxModel, openOnnxModel } from '../../onnx.js';
import type { Pixels, Preprocessing } from '../../types.js';
import { decoded } from './exact-inputs.js';
import { picturePath, readFamilies, resizedPath } from './families.js';
import type { GoldenFolder } from './folder.js';

/** How near a tiny CLIP's vector of the product's own pixels is to that of the reference's pixels. */
export interface PictureCosine {
  image: string;
  cosine: number;
}

/** Every picture of the goldens through decoder, resampler and graph, against the pixels that the reference stored. */
export async function pictureCosines(folder: GoldenFolder): Promise<PictureCosine[]> {
  const [family, graph] = folder.size === 'large' ? ['clip-224', 'clip-tiny'] : ['clip-32', 'clip-split'];
  const { rule, rows } = (await readFamilies(folder)).find(({ name }) => name === family)!;
  const model = await openOnnxModel(`${folder.path}/models/${graph}/onnx/vision_model.onnx`);
  const cosines: PictureCosine[] = [];
  for (const { image } of rows) {
    const stored = resizedPath(folder, family, image);
    if (!existsSync(stored)) continue;
    const bytes = await readFile(picturePath(folder, image));
    const { inputs } = await decode(bytes, { preprocessings: [rule] });
    const [own, reference] = await embedded(model, rule, [inputs[0]!, await decoded(stored)]);
    cosines.push({ image, cosine: dot(own!, reference!) });
  }
  await model.close();
  return cosines;
}

async function embedded(
  model: OnnxModel,
  rule: Preprocessing,
  pictures: readonly Pixels[],
): Promise<Float32Array[]> {
  const feeds = { pixel_values: { type: 'float32' as const, ...pixelValues(pictures, rule) } };
  const { image_embeds } = await model.run(feeds, ['image_embeds']);
  if (image_embeds?.type !== 'float32') throw new Error('the tiny CLIP gave no image_embeds');
  const { data } = image_embeds;
  const dimension = data.length / pictures.length;
  return pictures.map((_, row) => normalise(data.slice(row * dimension, (row + 1) * dimension)));
}
