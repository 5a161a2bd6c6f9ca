import { describe, expect, it } from 'vitest';
import { defineConfig, type LookbookConfig } from '#lib/config.js';

const refusal = (config: unknown): string => {
  try {
    defineConfig(config as LookbookConfig, {});
  } catch (error) {
    return String(error);
  }
  return 'nothing';
};

describe('models in the config', () => {
  it('are one, several or none', () => {
    const segmenterOf = (config: LookbookConfig, variable?: string): string[] =>
      defineConfig(config, variable === undefined ? {} : { LOOKBOOK_SEGMENTER: variable }).segmenter;
    expect(segmenterOf({})).toEqual(['pictoclip-segments']);
    expect(segmenterOf({ segmenter: null })).toEqual([]);
    expect(segmenterOf({ segmenter: 'a' })).toEqual(['a']);
    expect(segmenterOf({ segmenter: ['a', 'b', 'a'] })).toEqual(['a', 'b']);
    expect(segmenterOf({ segmenter: 'a' }, 'b, c')).toEqual(['b', 'c']);
    expect(segmenterOf({ segmenter: 'a' }, 'none')).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ segmenter: 5 }, 'segmenter is [5], expected names in models/, or null'],
    [{ segmenter: [5] }, 'segmenter is [5], expected names in models/, or null'],
    [{ segmenter: ['a', ''] }, 'segmenter is ["a",""], expected names'],
    [{ segmenter: {} }, 'segmenter is [{}], expected names'],
    [{ segmenter: [null] }, 'segmenter is [null], expected names'],
    [{ highlighter: 5 }, 'highlighter is 5, expected a name in models/, or null'],
    [{ highlighter: ['a'] }, 'highlighter is ["a"], expected a name'],
    [{ highlighter: '' }, 'highlighter is "", expected a name'],
  ])('%j is refused', (config, reason) => {
    expect(refusal(config)).toContain(`[config] the config has 1 problem: got ${reason}`);
  });

  it('that are wrong are told with all the other problems, in one sentence', () => {
    const told = refusal({ segmenter: 5, highlighter: 5, batchSize: 0, device: 'toaster' });
    expect(told).toContain('the config has 4 problems');
    for (const field of ['segmenter is', 'highlighter is', 'batchSize is 0', 'device is "toaster"'])
      expect(told).toContain(field);
  });
});
