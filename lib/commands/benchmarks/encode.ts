/**
 * How much of what bare onnxruntime-node reaches on ready-made tensors is left when pictures come from files and
 * vectors go to a store, and how that compares with transformers.js, transformers and open_clip on the same files: a CLIP
 * ViT-B/32 of full size with random weights, in fp32, all in turns, each in its own best way.
 */
import { defineConfig } from '../../config.js';
import { type BareSession, openBareSession, pixelTensor } from '../bare-session.js';
import { makeClipB32, PREPROCESSING } from '../clip-b32.js';
import { openClipB32, writePhotographs } from '../clip-b32-workshop.js';
import type { Peer, PeerTask } from '../encode-peer.js';
import type { Figures, Measure } from '../figures.js';
import { indexSeconds } from '../index-seconds.js';
import { interleaved, median, secondsOf } from '../interleaved.js';
import { openWorkplace } from '../many-pictures.js';
import { openPythonPeer } from '../python-peers.js';
import { openPeer } from '../transformersjs-peer.js';

const PICTURES = 160;
const ROUNDS = 5;
const BATCHES = [1, 8, 16, 32];
/** Pictures of a trial of one batch size. */
const TRIAL = 64;
const QUICK = { pictures: 16, rounds: 1, trial: 8, batches: [8] };
const USUAL = { pictures: PICTURES, rounds: ROUNDS, trial: TRIAL, batches: BATCHES };

export const measure: Measure = async (say, { quick }) => {
  const { pictures, rounds, trial, batches } = quick ? QUICK : USUAL;
  const clip = await makeClipB32(say);
  const place = await openWorkplace();
  const encoder = await openClipB32(clip);
  const bare = await openBareSession(clip.vision);
  await writePhotographs(place.pictures, pictures, say);
  const at = { model: clip.folder, pictures: place.pictures };
  const opened: Record<string, Peer | null> = {
    transformersjs: await openPeer(at, say),
    transformers: await openPythonPeer('transformers', at, say),
    open_clip: await openPythonPeer('open_clip', at, say),
  };
  const peers = Object.entries(opened).flatMap(([name, peer]) => (peer ? [{ name, peer }] : []));
  try {
    const settings = defineConfig({ images: place.pictures, segmenter: null, chroma: 'memory:' }, {});
    const best = await fastest(
      'bare session',
      batches.map((batch) => ({ batch, way: 'one by one' })),
      { trial: ({ batch }) => bareSeconds(bare, batch, trial), say },
    );
    const contestants: Record<string, () => Promise<number>> = {
      session: () => bareSeconds(bare, best.batch, pictures),
      lookbook: () => indexSeconds(encoder, settings, { place, pictures }),
    };
    for (const { name, peer } of peers) {
      const tasks = batches.flatMap((batch) => peer.ways.map((way) => ({ batch, way })));
      const own = await fastest(name, tasks, {
        trial: (task) => peer.encode({ ...task, pictures: trial }),
        say,
      });
      contestants[name] = () => peer.encode(own);
    }
    const seconds = await interleaved(contestants, rounds);
    for (const [name, values] of Object.entries(seconds))
      say(`${name}: ${values.map((value) => (pictures / value).toFixed(1)).join(', ')} images/s`);
    return figuresOf(seconds, pictures);
  } finally {
    for (const { peer } of peers) peer.close();
    await Promise.all([bare.close(), encoder.close()]);
    await place.remove();
  }
};

/** Each rate is the median of the rounds. */
function figuresOf(seconds: Record<string, number[]>, pictures: number): Figures {
  const rate = (name: string): number => pictures / median(seconds[name] ?? []);
  const rivals = Object.keys(seconds).filter((name) => name !== 'lookbook');
  return {
    ...Object.fromEntries(
      rivals.map((name): [string, number] => [`encode.vs_${name}`, rate('lookbook') / rate(name)]),
    ),
    'encode.images_per_s': rate('lookbook'),
  };
}

/** The task with the least seconds; each is tried twice, the first time for warmth. */
async function fastest(
  name: string,
  tasks: readonly PeerTask[],
  { trial, say }: { trial: (task: PeerTask) => Promise<number>; say: (line: string) => void },
): Promise<PeerTask> {
  let best = { task: tasks[0]!, seconds: Number.POSITIVE_INFINITY };
  for (const task of tasks) {
    await trial(task);
    const seconds = await trial(task);
    if (seconds < best.seconds) best = { task, seconds };
  }
  say(`${name}: best at batch ${best.task.batch}, ${best.task.way}`);
  return best.task;
}

async function bareSeconds(bare: BareSession, batch: number, pictures: number): Promise<number> {
  const feeds = { pixel_values: pixelTensor(batch, PREPROCESSING.size) };
  return secondsOf(async () => {
    for (let done = 0; done < pictures; done += batch) await bare.run(feeds);
  });
}
