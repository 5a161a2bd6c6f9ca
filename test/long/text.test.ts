import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceLine } from '#lib/index.js';
import { runCommand } from '../commands/command.js';
import { record } from '../faults/table.js';
import { attackText, LABELS } from '../faults/text-attack.js';
import { misdeedsOf } from '../faults/text-browser.js';
import { fileNames, payloads, unsafe } from '../faults/text-payloads.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { browserFound } from '../page/browser.js';

const LIMIT_S = 60;

/** As in test/faults/text.test.ts, where the mutations that turn it red stand. */
it('every hostile text is asked with in every way, named, shown and printed, and none acts', {
  timeout: 3_600_000,
}, async () => {
  const attack = await attackText({ names: fileNames, texts: payloads, asked: payloads, labels: LABELS });
  const misdeeds = browserFound ? await misdeedsOf(attack) : [];
  await record({
    attack: 'hostile texts',
    tries: attack.tries + attack.outputs.length,
    losses: attack.wrong.length + misdeeds.length,
    hangs: attack.worstMs > LIMIT_S * 1000 ? 1 : 0,
    worst_s: attack.worstMs / 1000,
    note: `${fileNames.length} names, ${payloads.length} texts in 14 ways, ${attack.outputs.length} outputs in ${browserFound ? 'a browser' : 'NO browser: none was found'}`,
  });
  expect(attack.wrong).toEqual([]);
  expect(misdeeds).toEqual([]);
  expect(attack.worstMs).toBeLessThan(LIMIT_S * 1000);
});

describe('a command over hostile names', () => {
  let room: Room;
  let derived: string;
  beforeAll(async () => {
    room = await openRoom('chroma');
    derived = await mkdtemp(join(tmpdir(), 'lookbook-text-'));
  });
  afterAll(() =>
    Promise.all([
      room.clear(),
      rm(derived, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }),
    ]),
  );

  /** What the commands print passes visibleLines() in live-line.ts and visible() in summary.ts and models.ts. */
  it('prints nothing that acts in a terminal', { timeout: 240_000 }, async () => {
    const names = fileNames.filter((name) => unsafe.test(name)).slice(0, 12);
    for (const [n, name] of names.entries()) {
      await room.draw(`${name}.png`, `rgb(255,${n},0)`);
      await room.write(`${name}.jpg`, 'no picture');
    }
    const query = 'red\u001b[31m\u202e\u009b2J\u0007';
    const env = {
      LOOKBOOK_DERIVED: derived,
      LOOKBOOK_IMAGES: room.images,
      LOOKBOOK_CHROMA: room.config.chroma!,
      LOOKBOOK_MASKS: room.config.masks!,
    };
    const started = await runCommand('start', ['--verbose'], {
      ...env,
      LOOKBOOK_NAME: 'text',
      LOOKBOOK_QUERY: query,
    });
    expect(started.code).toBe(0);
    expect(started.out).toMatch(/\n {2}1\. .*(␛|␇|\[U\+)/);
    const lines = started.err.trimEnd().split('\n');
    expect(lines.map((line): TraceLine => JSON.parse(line)).at(-1)!.round).toBe('end');
    const refused = await runCommand('start', [], { ...env, LOOKBOOK_NAME: query });
    expect(refused.code).toBe(1);
    const unknown = await runCommand('models', ['verify', query], env);
    expect(unknown.code).toBe(1);
    for (const { out, err } of [started, refused, unknown]) {
      expect(out.replaceAll(/[\n\t]/g, '')).not.toMatch(unsafe);
      expect(err.replaceAll(/[\n\t]/g, '')).not.toMatch(unsafe);
    }
  });
});
