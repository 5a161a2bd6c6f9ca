import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineConfig, type TraceLine } from '#lib/index.js';
import { runCommand } from '../commands/command.js';
import { openRoom, type Room } from '../indexing/pictures.js';
import { browserFound } from '../page/browser.js';
import { attackText, LABELS, type TextAttack } from './text-attack.js';
import { misdeedsOf } from './text-browser.js';
import { fileNames, payloads, unsafe } from './text-payloads.js';

/** So few are asked with, in every way, that the suite stays short; all of them in test/long/text.test.ts. */
const ASKED = payloads.filter((_, n) => n % 16 === 3);

describe('over a hundred hostile names, words, labels and titles', () => {
  let attack: TextAttack;
  beforeAll(async () => {
    attack = await attackText({ names: fileNames, texts: payloads, asked: ASKED, labels: LABELS });
  }, 400_000);

  /**
   * Mutations: without visible() in LookbookError of errors.ts the lines of the errors turn it red, without it in
   * report.ts and summary.ts those of reports and summaries, without its cutMiddle() the long ones.
   */
  it('are indexed, found and asked with; nothing that prints them would act in a terminal', () => {
    expect(fileNames.length).toBeGreaterThan(100);
    expect(attack.wrong).toEqual([]);
  });

  /** Mutation: where escapeHtml of rendering/html.ts leaves "<" as it is, hundreds of misdeeds. */
  it.skipIf(!browserFound)(
    'execute nothing in any output of a notebook or page of its own',
    async () => {
      expect(await misdeedsOf(attack)).toEqual([]);
    },
    240_000,
  );

  it('are no name of a lookbook, and the refusal shows them on one line of bounded length', () => {
    for (const name of payloads.filter((text) => !/^[\w-]+$/.test(text) || text.length > 64)) {
      const refused = (): unknown => defineConfig({ name }, {});
      expect(refused).toThrow(/^\[config\] .*name is/);
      try {
        refused();
      } catch (error) {
        expect(String(error)).not.toMatch(unsafe);
        expect(String(error).length).toBeLessThan(5000);
      }
    }
  });
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

  /** Mutations: without visibleLines() in live-line.ts, or visible() in summary.ts or in models.ts. */
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
