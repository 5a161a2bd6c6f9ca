import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { familyOf } from './soak-family.js';
import { lastingZombies, type Sample, sampleOf, slopeOf, trendOf } from './soak-samples.js';

/** A process that leaks what it is told to: the commands are lines, each is answered by one. */
const LEAKY = `
const { openSync } = require('node:fs');
const { spawn } = require('node:child_process');
const kept = [];
const leaks = {
  memory: () => kept.push(Buffer.alloc(1e6, 1)),
  descriptors: () => { for (let n = 0; n < 40; n++) openSync('/dev/null'); },
  child: () => new Promise((begun) => kept.push(spawn('sleep', ['60']).once('spawn', begun))),
  // The shell's own child ends and is not waited for: the shell has become somebody else.
  zombie: () => new Promise((begun) => kept.push(spawn('sh', ['-c', 'sleep 0.1 & exec sleep 60']).once('spawn', begun))),
};
require('node:readline').createInterface({ input: process.stdin }).on('line', async (leak) => {
  await leaks[leak]();
  console.log('done');
});`;

let leaky: ChildProcess;
let answers: AsyncIterator<string>;
beforeEach(() => {
  leaky = spawn(process.execPath, ['-e', LEAKY], { stdio: ['pipe', 'pipe', 'inherit'] });
  answers = createInterface({ input: leaky.stdout! })[Symbol.asyncIterator]();
});
afterEach(() => {
  for (const { pid } of familyOf(leaky.pid!).reverse()) process.kill(pid, 'SIGKILL');
});

async function leak(what: 'memory' | 'descriptors' | 'child' | 'zombie'): Promise<void> {
  leaky.stdin!.write(`${what}\n`);
  await answers.next();
}

/** What the soak of test/long judges by is read rightly: a measure that sees nothing would find no leak. */
describe.skipIf(process.platform !== 'linux')(
  'the measuring of the soak (looks at /proc: on Linux only)',
  () => {
    it('finds the slope of a noisy line', () => {
      const noisy = Array.from({ length: 200 }, (_, n): [number, number] => [
        n / 10,
        500 + 0.3 * n + (n % 7),
      ]);
      expect(slopeOf(noisy)).toBeCloseTo(3, 1);
      expect(slopeOf(noisy.map(([x]) => [x, 4]))).toBe(0);
    });

    it('counts descriptors, processes and memory of a process and of what descends from it', async () => {
      await leak('child');
      const before = sampleOf(leaky.pid!, 0);
      expect(before.processes).toEqual({ lookbook: 1, other: 1 });
      await leak('descriptors');
      for (let n = 0; n < 30; n++) await leak('memory');
      await leak('child');
      const after = sampleOf(leaky.pid!, 1);
      const by = (of: 'descriptors' | 'rss' | 'processes', role: 'lookbook' | 'other'): number =>
        after[of][role]! - before[of][role]!;
      expect(by('descriptors', 'lookbook')).toBeGreaterThanOrEqual(40);
      expect(by('descriptors', 'lookbook')).toBeLessThan(50); // and the pipes of the second child
      expect(by('rss', 'lookbook')).toBeGreaterThan(29);
      expect(by('rss', 'lookbook')).toBeLessThan(60);
      expect(by('processes', 'other')).toBe(1);
    });

    it('sees a process that nobody waits for, and not one that has only just ended', async () => {
      await leak('zombie');
      await sleep(600);
      const samples = [0, 1, 2].map((minutes) => sampleOf(leaky.pid!, minutes));
      expect(lastingZombies(samples)).toHaveLength(1);
      const once = samples.map((sample, n): Sample => ({ ...sample, zombies: n === 1 ? [7] : [] }));
      expect(lastingZombies(once)).toEqual([]);
    });

    it('sees what grows while it goes on, by role', async () => {
      const samples: Sample[] = [];
      for (let n = 0; n < 40; n++) {
        await leak('memory');
        samples.push(sampleOf(leaky.pid!, n));
      }
      const { rss, descriptors, firstMb, lastMb } = trendOf(samples.slice(10), 'lookbook');
      expect(rss).toBeGreaterThan(0.8);
      expect(rss).toBeLessThan(1.6);
      expect(descriptors).toBe(0);
      expect(lastMb - firstMb).toBeGreaterThan(20);
    });
  },
);
