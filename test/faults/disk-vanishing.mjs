// A folder of pictures goes away in the middle of a run: node disk-vanishing.mjs '<{config, folder, moments, how} as JSON>'.
// With how = 'unmount' the folder of the pictures is a mount of this process's own. A line of JSON for each moment.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLookbook } from '../../dist/index.js';

const { config, folder, moments, how } = JSON.parse(process.argv[2]);
const { images } = config;
const ways = {
  rename: {
    away: () => renameSync(images, `${images}-away`),
    back: () => renameSync(`${images}-away`, images),
  },
  unmount: {
    away: () => execFileSync('umount', ['--lazy', images]),
    back() {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', images]);
      fill();
    },
  },
};
const { away, back } = ways[how];

function fill() {
  cpSync(join(folder, 'pool'), images, { recursive: true, preserveTimestamps: true });
}

async function countIn(book) {
  return (await book.collections()).find(({ facts }) => facts.of === 'pictures')?.count ?? 0;
}

for (const [n, moment] of moments.entries()) {
  const own = join(folder, `${how}-${n}`);
  process.env.LOOKBOOK_DERIVED = join(own, 'derived');
  for (const name of readdirSync(images)) rmSync(join(images, name));
  fill();
  const total = readdirSync(images).length;
  const settings = { ...config, chroma: `flat:${own}/store`, masks: join(own, 'masks'), batchSize: 2 };
  const before = Math.floor(total / 3);
  // What stands from an earlier run must stay too.
  await (await openLookbook({ ...settings, maxFiles: before })).index();
  const again = await openLookbook(settings);
  const strike = before + 1 + Math.floor(moment * (total - before - 20));
  const watch = setInterval(async () => {
    if ((await countIn(again)) < strike) return;
    clearInterval(watch);
    away();
  }, 1);
  const start = performance.now();
  const disturbed = await again.index();
  const seconds = (performance.now() - start) / 1000;
  const stood = [before, await countIn(again)];
  const told = await again.index().then(
    ({ notes, removed }) => (removed ? `${removed} removed` : notes.join(' ')),
    (error) => error.message,
  );
  back();
  const rest = await again.index();
  await again.close();
  process.stdout.write(`${JSON.stringify({ how, disturbed, stood, away: told, back: rest, seconds })}\n`);
}
