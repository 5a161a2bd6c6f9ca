/** The process of transformersjs-peer.ts. Arguments: folder of the package, of the model, of the pictures. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../errors.js';
import type { PeerAnswer, PeerTask } from './encode-peer.js';

/** As much of the package as is used here. */
interface Transformers {
  env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  AutoImageProcessor: { from_pretrained(name: string): Promise<(images: unknown[]) => Promise<object>> };
  CLIPVisionModelWithProjection: {
    from_pretrained(
      name: string,
      options: { dtype: 'fp32'; device: 'cpu' },
    ): Promise<(inputs: object) => Promise<{ image_embeds: { dims: number[] } }>>;
  };
  RawImage: { read(path: string): Promise<unknown> };
}

try {
  await serve();
} catch (error) {
  tell({ error: reasonOf(error) });
}

async function serve(): Promise<void> {
  const [packageFolder, model, pictures] = process.argv.slice(2);
  if (!packageFolder || !model || !pictures) throw new Error('needs three folders');
  const { exports, version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const entry = pathToFileURL(join(packageFolder, exports.node.import.default));
  const { env, AutoImageProcessor, CLIPVisionModelWithProjection, RawImage }: Transformers = await import(
    entry.href
  );
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = dirname(model);
  const process_ = await AutoImageProcessor.from_pretrained(basename(model));
  const embed = await CLIPVisionModelWithProjection.from_pretrained(basename(model), {
    dtype: 'fp32',
    device: 'cpu',
  });
  const folder = pictures;

  async function encodeAll({ batch, way, pictures: most }: PeerTask): Promise<number> {
    const files = (await readdir(folder))
      .sort()
      .slice(0, most)
      .map((file) => join(folder, file));
    if (files.length === 0) throw new Error(`no pictures in ${folder}`);
    const read = async (part: readonly string[]): Promise<object> =>
      process_(await Promise.all(part.map((file) => RawImage.read(file))));
    const start = performance.now();
    let next: Promise<object> | undefined;
    for (let at = 0; at < files.length; at += batch) {
      const part = files.slice(at, at + batch);
      const inputs = await (next ?? read(part));
      const after = files.slice(at + batch, at + 2 * batch);
      next = way === 'ahead' && after.length ? read(after) : undefined;
      const { image_embeds } = await embed(inputs);
      if (image_embeds.dims[0] !== part.length)
        throw new Error(`${image_embeds.dims} for ${part.length} pictures`);
    }
    return (performance.now() - start) / 1000;
  }

  process.on('message', (task: PeerTask) => {
    encodeAll(task).then(
      (seconds) => tell({ seconds }),
      (error: unknown) => tell({ error: reasonOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  tell({ ready: true, version });
}

function tell(answer: PeerAnswer): void {
  process.send?.(answer);
}
