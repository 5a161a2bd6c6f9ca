import { expect, it } from 'vitest';
import { createLiveLine, type LineSink } from '#lib/notebook/live-line.js';
import type { KernelMessage } from '#lib/notebook/messages.js';

function sink(isTTY: boolean): LineSink & { text: string } {
  return {
    text: '',
    isTTY,
    columns: 40,
    write(text) {
      this.text += text;
    },
  };
}

function update(html: string, id: string | undefined = 'live'): KernelMessage {
  return { kind: 'display', index: 0, data: { 'text/html': html }, update: true, ...(id ? { id } : {}) };
}

const end: KernelMessage = { kind: 'end', index: 0, executionCount: 1 };

it('a terminal shows the last state on one line, not every one', () => {
  const terminal = sink(true);
  let clock = 0;
  const line = createLiveLine(terminal, () => clock);
  for (clock = 0; clock < 1000; clock += 10) line.show(update(`<style>b{}</style><b>${clock} of 1000</b>`));
  line.show(end);
  expect(terminal.text.split('\r\u001b[2K').slice(1)).toHaveLength(11);
  expect(terminal.text.startsWith('\r\u001b[2K  0 of 1000\r')).toBe(true);
  expect(terminal.text.endsWith('\u001b[2K  990 of 1000\n')).toBe(true);
});

it('a log gets a line every few seconds and the last', () => {
  const log = sink(false);
  let clock = 0;
  const line = createLiveLine(log, () => clock);
  for (clock = 0; clock < 12_000; clock += 100) line.show(update(`${clock}`));
  line.show(end);
  expect(log.text).toBe('  0\n  5000\n  10000\n  11900\n');
});

it('a line is clipped to the terminal', () => {
  const terminal = sink(true);
  createLiveLine(terminal, () => 0).show(update('x'.repeat(100)));
  expect(terminal.text).toBe(`\r\u001b[2K  ${'x'.repeat(36)}…`);
});

it('what a cell prints stands on lines of its own, and what it shows but once is left to the page', () => {
  const terminal = sink(true);
  const line = createLiveLine(terminal, () => 0);
  line.show(update('1 &lt; 2 &amp; <i>so</i> &#x263a;'));
  line.show({ kind: 'stream', index: 0, name: 'stdout', text: '\u001b[1mone\u001b[0m\ntwo\n' });
  line.show({ kind: 'display', index: 0, data: { 'text/html': 'a gallery' }, update: false });
  line.show(end);
  expect(terminal.text).toBe('\r\u001b[2K  1 < 2 & so ☺\n  one\n  two\n');
});

it('an answer that takes the place of its progress is left to the page', () => {
  const log = sink(false);
  let clock = 0;
  const line = createLiveLine(log, () => clock);
  line.show(update('drawing 50 %'));
  clock = 60_000;
  line.show(update(`a map of ${'many names, '.repeat(30)}`));
  line.show(end);
  expect(log.text).toBe('  drawing 50 %\n');
});
