import { beforeAll, describe, expect, it } from 'vitest';
import { defineConfig } from '#lib/index.js';
import { browserFound } from '../page/browser.js';
import { attackText, LABELS, type TextAttack } from './text-attack.js';
import { misdeedsOf } from './text-browser.js';
import { fileNames, payloads, unsafe } from './text-payloads.js';

/** So few are asked with, in every way, that the suite stays short; all of them in test/long/text.test.ts. */
const ASKED = payloads.filter((_, n) => n % 32 === 3);

describe('over a hundred hostile names, words, labels and titles', () => {
  let attack: TextAttack;
  beforeAll(async () => {
    attack = await attackText({ names: fileNames, texts: payloads, asked: ASKED, labels: LABELS });
  }, 400_000);

  /**
   * Mutations: without visible() in LookbookError of errors.ts the lines of the errors turn it red, without it in
   * summary.ts those of summaries.
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
