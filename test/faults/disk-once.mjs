// Fills a small disk and tries on it, in a process of its own: node disk-once.mjs '<task as JSON>'. The task: {disk, way, at,
// config, others, keep, free: [bytes, …]} indexes with `at` (store, masks or derived) on the disk, the rest in others; or
// {disk, way, at: 'download', file, free}. Each try leaves so many bytes free, then makes room and tries again. Prints a
// line of JSON for each: {free, error, ours, stood, again, left, seconds}.
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LookbookError } from '../../dist/errors.js';
import { downloadFile } from '../../dist/hub/download.js';
import { openLookbook } from '../../dist/index.js';

const { disk, way, at, config, others, keep, free, file } = JSON.parse(process.argv[2]);
const filler = join(disk, 'filler');

/** A limit on the size of files is no full disk, but the same to who writes: EFBIG where the disk says ENOSPC. */
function limit(bytes) {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

function fill(bytes) {
  if (way === 'limit') return limit(bytes);
  const { bavail, bsize } = statfsSync(disk);
  const most = Math.max(0, bavail * bsize - bytes);
  appendFileSync(filler, Buffer.alloc(most, 1));
}

function makeRoom() {
  if (way === 'limit') limit('unlimited');
  else rmSync(filler);
}

async function indexIn(place) {
  const book = await openLookbook({
    ...config,
    chroma: config.chroma.replace('STORE', place('store')),
    masks: place('masks'),
  });
  try {
    const stood = (await book.collections()).find(({ facts }) => facts.of === 'pictures')?.count ?? 0;
    const report = await book.index();
    return { stood, report };
  } finally {
    await book.close();
  }
}

async function tryIndexing(bytes, n) {
  const place = (of) => join(of === at ? disk : others, String(n), of);
  process.env.LOOKBOOK_DERIVED = place('derived');
  const told = await attempt(bytes, () => indexIn(place));
  const { stood, report } = await indexIn(place);
  mkdirSync(join(keep, String(n)), { recursive: true });
  for (const of of ['store', 'masks']) cpSync(place(of), join(keep, String(n), of), { recursive: true });
  const left = readdirSync(join(disk, String(n)), { recursive: true }).filter((name) => name.endsWith('.part'));
  rmSync(join(disk, String(n)), { recursive: true, maxRetries: 20, retryDelay: 300 });
  return { ...told, stood, again: report, left };
}

async function tryDownload(bytes, n) {
  const target = join(disk, String(n), 'model.onnx');
  const limits = { lockPollMs: 20, progressMs: 0, backoffMs: 2 };
  // A disk that has no room for the whole is refused beforehand; this one is filled by somebody else meanwhile.
  const onProgress = ({ doneBytes }) => {
    if (way === 'mount' && doneBytes > bytes) fill(0);
  };
  const start = way === 'mount' && bytes > 0 ? 2 * file.bytes : bytes;
  const told = await attempt(start, () => downloadFile(file, target, { limits, onProgress }));
  const stood = statSync(`${target}.part`, { throwIfNoEntry: false })?.size ?? 0;
  const again = await downloadFile(file, target, { limits });
  const left = readdirSync(join(disk, String(n))).filter((name) => name !== 'model.onnx');
  rmSync(join(disk, String(n)), { recursive: true });
  return { ...told, free: bytes, stood, again, left };
}

async function attempt(bytes, act) {
  const start = performance.now();
  fill(bytes);
  try {
    await act();
    return { free: bytes, error: null, ours: true, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    const ours = error instanceof LookbookError;
    return { free: bytes, error: error.message, ours, seconds: (performance.now() - start) / 1000 };
  } finally {
    makeRoom();
  }
}

for (const [n, bytes] of free.entries()) {
  const told = await (at === 'download' ? tryDownload : tryIndexing)(bytes, n);
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
