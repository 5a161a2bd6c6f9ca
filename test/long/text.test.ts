import { expect, it } from 'vitest';
import { record } from '../faults/table.js';
import { attackText, LABELS } from '../faults/text-attack.js';
import { misdeedsOf } from '../faults/text-browser.js';
import { fileNames, payloads } from '../faults/text-payloads.js';
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
