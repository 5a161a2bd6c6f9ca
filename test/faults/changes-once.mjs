// A second process that changes a folder of pictures at random until its stdin ends: node changes-once.mjs '<{images, pool,
// seed} as JSON>'. Then it gives back all permissions and prints {operations, always, onDisk}: how often it did what, which
// contents of the pool lay somewhere at every moment, and which lie there now.
import { readdirSync, renameSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../dist/arithmetic/seeded.js';
import { imageIdOfBytes } from '../../dist/picture-bytes.js';

const { images, pool, seed } = JSON.parse(process.argv[2]);
const random = seeded(seed);
const pick = (list) => list[Math.floor(random() * list.length)];
const FOLDERS = ['', 'a', 'b', 'a/deep', 'c'];
/** All files may bear these times, so that neither size nor time tells one from another. */
const TIMES = [new Date(2020, 1, 1), new Date(1970, 0, 1), new Date(-86_400_000), new Date(2099, 1, 1)];

const contents = new Map();
for (const name of readdirSync(pool))
  contents.set(name, imageIdOfBytes(await readFile(join(pool, name))));
const names = [...contents.keys()];
/** path → name in the pool. */
const disk = new Map();
for (const path of readdirSync(images, { recursive: true }))
  if (path.endsWith('.png')) {
    const id = imageIdOfBytes(await readFile(join(images, path)));
    disk.set(path, names.find((name) => contents.get(name) === id));
  }
const always = new Set(disk.values());
let fresh = 0;
const newPath = () => join(pick(FOLDERS), `${seed}-${fresh++}.png`);
const at = (path) => join(images, path);
const time = (path) => utimes(at(path), pick(TIMES), pick(TIMES));

function holds(path, name) {
  if (name === undefined) disk.delete(path);
  else disk.set(path, name);
  const now = new Set(disk.values());
  for (const content of always) if (!now.has(content)) always.delete(content);
}

async function put(path, name) {
  await mkdir(dirname(at(path)), { recursive: true });
  const hidden = join(dirname(at(path)), `.${fresh++}`);
  await copyFile(join(pool, name), hidden);
  await utimes(hidden, TIMES[0], TIMES[0]);
  await rename(hidden, at(path));
  holds(path, name);
}

function move(from, to) {
  const name = disk.get(from);
  renameSync(at(from), at(to));
  disk.delete(from);
  holds(to, name);
}

/** Of a file that two processes may see half: what lay there is gone at once, what comes is there at the end. */
async function overwrite(path, name, pauseMs) {
  const bytes = await readFile(join(pool, name));
  holds(path, undefined);
  const half = Math.floor(bytes.length / 2);
  await writeFile(at(path), bytes.subarray(0, half), { flag: 'r+' });
  await sleep(pauseMs);
  await writeFile(at(path), bytes, { flag: 'r+' });
  await utimes(at(path), TIMES[0], TIMES[0]);
  holds(path, name);
}

const operations = {
  rename: async (path) => {
    const to = newPath();
    await mkdir(dirname(at(to)), { recursive: true });
    move(path, to);
  },
  replace: (path) => put(path, pick(names)),
  overwrite: (path) => overwrite(path, pick(names), 5 * random()),
  delete: async (path) => {
    await rm(at(path));
    holds(path, undefined);
  },
  add: () => put(newPath(), pick(names)),
  copy: (path) => put(newPath(), disk.get(path)),
  forbid: async (path) => {
    await chmod(at(path), 0);
    await sleep(10 * random());
    await chmod(at(path), 0o644);
  },
  forbidFolder: async (path) => {
    const folder = dirname(at(path));
    await chmod(folder, 0o300);
    await sleep(10 * random());
    await chmod(folder, 0o755);
  },
  swap: async (path) => {
    const other = pick([...disk.keys()]);
    if (other === path) return;
    const [mine, theirs] = [disk.get(path), disk.get(other)];
    renameSync(at(path), `${at(path)}.swap`);
    renameSync(at(other), at(path));
    renameSync(`${at(path)}.swap`, at(other));
    disk.set(path, theirs);
    disk.set(other, mine);
  },
  renameFolder: async (path) => {
    const from = path.split('/')[0];
    if (from === path) return;
    const to = `${pick(['a', 'b', 'c', 'd'])}-${seed}-${fresh++}`;
    renameSync(at(from), at(to));
    for (const [old, name] of [...disk])
      if (old.startsWith(`${from}/`)) {
        disk.delete(old);
        disk.set(to + old.slice(from.length), name);
      }
  },
  touch: (path) => time(path),
};

const done = {};
let going = true;
process.stdin.on('end', () => {
  going = false;
});
process.stdin.resume();
process.stdout.write('begun\n');
const size = disk.size;
while (going) {
  // As many pictures in the end as in the beginning, more or less.
  const name = disk.size > 1.2 * size ? 'delete' : disk.size < 0.9 * size ? 'add' : pick(Object.keys(operations));
  await operations[name](pick([...disk.keys()]));
  done[name] = (done[name] ?? 0) + 1;
  await sleep(random() * 4);
}
for (const entry of await readdir(images, { recursive: true, withFileTypes: true }))
  await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
process.stdout.write(
  `${JSON.stringify({
    operations: done,
    always: [...always].map((name) => contents.get(name)),
    onDisk: [...new Set(disk.values())].map((name) => contents.get(name)),
  })}\n`,
);
