import type { Settings } from '../config.js';
import { decode } from '../decoders/image.js';
import { scan } from '../indexing/scan.js';
import { imageIdOfBytes, isUrl, readSource } from '../picture-bytes.js';
import type { Pixels, Preprocessing } from '../types.js';

/**
 * Some of the pictures that will be indexed, from the whole length of their list, as an encoder wants them; each content
 * once. Files only: pictures of the net are not fetched twice. Fewer where there are no more that can be decoded.
 */
export async function samplePictures(
  settings: Settings,
  { count, preprocessing, signal }: { count: number; preprocessing: Preprocessing; signal?: AbortSignal },
): Promise<Pixels[]> {
  const { images, extensions, exclude, allowPrivateUrls } = settings;
  const found = await scan(images, { extensions, exclude, ...(signal ? { signal } : {}) }).catch(() => null);
  signal?.throwIfAborted();
  // Where no folder is there, that is for the run to say: questions are asked all the same.
  const files = (found?.sources ?? []).filter(({ location }) => !isUrl(location));
  const pictures = new Map<string, Pixels>();
  for (const file of spread(files, count)) {
    if (pictures.size === count) break;
    signal?.throwIfAborted();
    try {
      const bytes = await readSource(file, { allowPrivateUrls });
      const id = imageIdOfBytes(bytes);
      if (pictures.has(id)) continue;
      const { inputs } = await decode(bytes, { preprocessings: [preprocessing] });
      pictures.set(id, inputs[0]!);
    } catch {
      // A bad picture is a line of the run's report; here another one takes its place.
    }
  }
  return [...pictures.values()];
}

/** All items: first every n-th, so that `count` of them span the list, then those after these, and so on. */
function* spread<Item>(items: readonly Item[], count: number): Generator<Item> {
  const step = Math.max(1, Math.floor(items.length / count));
  for (let start = 0; start < step; start++)
    for (let at = start; at < items.length; at += step) yield items[at]!;
}
