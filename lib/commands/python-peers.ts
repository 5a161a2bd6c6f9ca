/**
 * transformers and open_clip as peers to measure against, never dependencies: used where a Python has them, in a process of
 * their own, with random weights of the same sizes. LOOKBOOK_PYTHON names another Python than python3.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { reasonOf } from '../errors.js';
import type { Peer, PeerAnswer, PeerTask } from './encode-peer.js';

export type PythonPeer = 'transformers' | 'open_clip';

/**
 * Three ways to encode all pictures: one batch after the other; the next one read by threads meanwhile; or as many batches
 * side by side as there are cores, each on one of them.
 */
const SCRIPT = `
import json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import torch
from PIL import Image
peer, folder, pictures = sys.argv[1:4]
cores = os.cpu_count()
torch.manual_seed(1)
if peer == 'transformers':
    import transformers
    from transformers import AutoImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection
    settings = json.load(open(os.path.join(folder, 'config.json')))
    config = CLIPVisionConfig(**settings['vision_config'])
    model = CLIPVisionModelWithProjection(config).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    version = transformers.__version__
    prepare = lambda images: processor(images=images, return_tensors='pt')['pixel_values']
    embed = lambda pixels: model(pixel_values=pixels).image_embeds
else:
    import open_clip
    model, _, preprocess = open_clip.create_model_and_transforms('ViT-B-32', pretrained=None)
    model = model.eval()
    version = open_clip.__version__
    prepare = lambda images: torch.stack([preprocess(image) for image in images])
    embed = lambda pixels: model.encode_image(pixels)
files = sorted(os.path.join(pictures, name) for name in os.listdir(pictures))
read = lambda part: prepare([Image.open(path).convert('RGB') for path in part])
def encoded(pixels):
    with torch.inference_mode():
        rows = embed(pixels)
    assert rows.shape[1] == 512, rows.shape
    return len(rows)
def one_by_one(parts):
    return sum(encoded(read(part)) for part in parts)
def ahead(parts):
    with ThreadPoolExecutor(cores) as pool:
        waiting = [pool.submit(read, part) for part in parts[:2]]
        done = 0
        for n in range(len(parts)):
            pixels = waiting.pop(0).result()
            if n + 2 < len(parts):
                waiting.append(pool.submit(read, parts[n + 2]))
            done += encoded(pixels)
        return done
def side_by_side(parts):
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(lambda part: encoded(read(part)), parts))
ways = {'one by one': one_by_one, 'ahead': ahead, 'side by side': side_by_side}
print(json.dumps({'ready': True, 'version': version}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    count = task.get('pictures') or len(files)
    torch.set_num_threads(1 if task['way'] == 'side by side' else cores)
    parts = [files[at:min(at + task['batch'], count)] for at in range(0, count, task['batch'])]
    start = time.perf_counter()
    done = ways[task['way']](parts)
    seconds = time.perf_counter() - start
    print(json.dumps({'seconds': seconds} if done == count else {'error': f'{done} of {count}'}), flush=True)
`;

/** @returns null, and says why, where no Python has it. */
export async function openPythonPeer(
  name: PythonPeer,
  at: { model: string; pictures: string },
  say: (line: string) => void,
): Promise<Peer | null> {
  const python = process.env.LOOKBOOK_PYTHON || 'python3';
  const child = spawn(python, ['-W', 'ignore', '-c', SCRIPT, name, at.model, at.pictures], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // No peer may fetch anything: what is measured is what lies here.
    env: { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined); // a process that is gone says so itself
  const ended = Promise.race([
    once(child, 'close').then(() => said.trim().split('\n').at(-1) || 'its process ended'),
    once(child, 'error').then(([error]) => reasonOf(error)),
  ]).then((error): PeerAnswer => ({ error }));
  const lines = createInterface({ input: child.stdout });
  const answer = (): Promise<PeerAnswer> =>
    Promise.race([once(lines, 'line').then(([line]): PeerAnswer => JSON.parse(line)), ended]);
  const opened = await answer();
  if (!('ready' in opened)) {
    const packages =
      name === 'transformers' ? 'torch transformers torchvision pillow' : 'torch open_clip_torch';
    say(
      `encode.vs_${name} SKIPPED: ${python} does not run it: ${'error' in opened ? opened.error : ''}. Install it: pip install ${packages}.`,
    );
    child.kill();
    return null;
  }
  say(`${name} ${opened.version}`);
  return {
    ways: ['one by one', 'ahead', 'side by side'],
    async encode(task: PeerTask) {
      child.stdin.write(`${JSON.stringify(task)}\n`);
      const told = await answer();
      if ('seconds' in told) return told.seconds;
      throw new Error(`${name}: ${'error' in told ? told.error : 'an answer without seconds'}`);
    },
    close: () => void child.stdin.end(),
  };
}
