// A client process of the server tests: opens the store of the folder in argv, tells its address, then waits
// for a word on stdin: "close" closes the store, "leave" ends without closing it, "count" counts.
import { createInterface } from 'node:readline';
import { openChromaServer } from '#lib/stores/chroma-server.js';
import { openChromaStore } from '#lib/stores/chroma.js';

process.on('SIGINT', () => console.log(JSON.stringify({ interrupted: true })));
const [folder, graceMs] = process.argv.slice(2);
const place = await openChromaServer(folder, { graceMs: Number(graceMs) });
const store = await openChromaStore(place);
const rows = await store.open({ name: 'shared', dimension: 2, fingerprint: 'f'.repeat(32) });
console.log(JSON.stringify({ url: place.url, pid: process.pid }));
const words = createInterface({ input: process.stdin });
for await (const word of words) {
  if (word === 'count') console.log(JSON.stringify({ count: await rows.count() }));
  else if (word === 'close') await store.close();
  else if (word === 'leave') break;
}
words.close();
process.stdin.destroy();
