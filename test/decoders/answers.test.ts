import { describe, expect, it } from 'vitest';
import { answerOf } from '#lib/decoders/answers.js';
import { lineOf, wordReader } from '#lib/decoders/lines.js';

const facts = { width: 4, height: 2, bytes: 9, format: 'png', orientation: 'landscape' };
const part = { bytes: 24, width: 4, height: 2 };
const read = { facts, inputs: [0], working: null };
const done = { kind: 'done', laid: { parts: [part], read }, memory: 1e6 };

describe('the words of a decoder process', () => {
  it.each([
    [{ kind: 'ready' }],
    [{ kind: 'large', seconds: 9.5 }],
    [done],
    [{ kind: 'done', laid: { parts: [{ bytes: 7, width: 0, height: 0 }] }, memory: 0 }],
    [{ kind: 'refused', facts: { what: 'no picture', mend: 'Leave it out.' }, memory: 5 }],
    [{ kind: 'undelivered', reason: 'ENOSPC', memory: 5 }],
    [{ kind: 'over', limit: 'memory', allowed: 3e8 }],
  ])('%j is one', (word) => {
    expect(answerOf(word)).toBe(word);
  });

  it.each([
    ['nothing', null],
    ['a kind that there is not', { kind: 'go' }],
    ['a length that is no number', { ...done, laid: { parts: [{ ...part, bytes: '24' }], read } }],
    ['a length below nothing', { ...done, laid: { parts: [{ ...part, bytes: -24 }], read } }],
    ['more pixels than bytes', { ...done, laid: { parts: [{ ...part, width: 4000 }], read } }],
    [
      'a form that is not among the parts',
      { ...done, laid: { parts: [part], read: { ...read, inputs: [1] } } },
    ],
    ['no part', { ...done, laid: { parts: [] } }],
    ['no parts', { ...done, laid: {} }],
    ['a time that is none', { kind: 'large', seconds: null }],
    ['a limit that there is not', { kind: 'over', limit: 'hope', allowed: 1 }],
  ])('%s is none', (_, word) => {
    expect(() => answerOf(word)).toThrow();
  });

  it('are put together from any pieces', () => {
    const words: unknown[] = [];
    const reader = wordReader((word) => words.push(word));
    const lines = Buffer.from([{ a: 'ö\n' }, { b: 2 }, [3]].map(lineOf).join(''));
    for (const at of lines.keys()) reader(lines.subarray(at, at + 1));
    reader(lines);
    expect(words).toEqual([{ a: 'ö\n' }, { b: 2 }, [3], { a: 'ö\n' }, { b: 2 }, [3]]);
  });

  it('that never end are not waited for, and what is no word is told', () => {
    const reader = wordReader(() => undefined);
    expect(() => reader(Buffer.from('{"kind":\n'))).toThrow();
    reader(Buffer.alloc(2 ** 20, ' '));
    expect(() => reader(Buffer.alloc(1, ' '))).toThrow('more than 1048576 bytes');
  });
});
