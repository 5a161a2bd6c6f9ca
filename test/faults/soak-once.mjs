// One process over one store, told by lines on stdin to go round: node soak-once.mjs '<config as JSON>' [keep]. A round
// indexes, asks in every way, and explores; it is answered by one line. With `keep` each answer is kept: a leak on purpose.
import { createInterface } from 'node:readline';
import * as lookbook from '../../dist/index.js';

const [, , config, keep] = process.argv;
const things = ['red car', 'fox', 'boat', 'a cup on a table', 'tree', 'something blue', 'dog', 'birthday cake'];
const kept = [];
const book = await lookbook.openLookbook(JSON.parse(config));

async function show(answer) {
  const html = lookbook.gallery(await book.cards(answer), { title: answer.title, subtitle: answer.note });
  if (keep) kept.push(html);
  return answer;
}

async function ask(round) {
  const thing = things[round % things.length];
  const other = things[(round + 3) % things.length];
  // No round asks with the words of another: what is kept of a question must have a bound.
  const found = await show(await book.search(`${thing} ${round}`, { k: 8 }));
  const like = found.hits[0]?.imageId ?? (await book.example());
  await show(await book.search({ like, k: 8 }));
  const box = found.hits[0]?.evidence.segments[0]?.bbox;
  if (box) await show(await book.search({ like, region: box, k: 4 }));
  await show(await book.search({ all: [thing, other], k: 4 }));
  await show(await book.search({ text: thing, without: [other], where: { orientation: 'landscape' }, k: 4 }));
  const path = found.hits[0]?.paths[0];
  if (path) await show(await book.search({ image: path, prepare: { enhance: true }, k: 4 }));
  lookbook.explanationTable(await book.search({ text: thing, explain: true, k: 4 }));
  return found;
}

async function explore(round, query) {
  const of = round % 2 ? 'pictures' : 'segments';
  const view = await book.explore({ of, query, again: round % 10 === 0 });
  lookbook.map(view);
  const groups = lookbook.clustersOf(view);
  lookbook.clustersTable(groups, await book.cards(groups));
  const lonely = await book.outliers({ of });
  lookbook.outliersGallery(lonely, await book.cards(lonely));
  const twice = await book.duplicates();
  lookbook.duplicatesTable(twice, await book.cards(twice));
  const covered = await book.coverage([`${things[round % things.length]} ${round}`, 'zebra']);
  lookbook.coverageTable(covered, await book.cards(covered));
}

process.stdout.write('open\n');
for await (const line of createInterface({ input: process.stdin })) {
  const round = Number(line);
  const { added, updated, removed, failed } = await book.index();
  await explore(round, await ask(round));
  process.stdout.write(`${JSON.stringify({ round, changed: added + updated + removed, failed })}\n`);
}
await book.close();
