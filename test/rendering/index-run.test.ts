import { describe, expect, test } from 'vitest';
import { progress, progressLine } from '#lib/rendering/progress.js';
import { estimate, estimateText, report, reportText } from '#lib/rendering/report.js';
import { summaryText } from '#lib/rendering/summary.js';
import type { Hit, IndexEstimate, IndexProgress, IndexReport } from '#lib/types.js';
import { bytes, counted, duration, percent, rate, roughly } from '#lib/words.js';
import { nastyStrings } from './nasty.js';

const stages = { scan: 0.1, decode: 2, segment: 8.84, encode: 4.7, store: 0 };
const running: IndexProgress = {
  done: 412,
  round: 'pictures',
  total: 1204,
  failed: 2,
  imagesPerSecond: 4.27,
  secondsLeft: 185,
  stages,
};
const finished: IndexReport = {
  added: 1198,
  updated: 3,
  moved: 2,
  removed: 0,
  kept: 0,
  skipped: { hidden: 3, sidecar: 12 },
  failed: [{ path: 'images/broken.jpg', reason: 'Premature end of JPEG file' }],
  segments: 8123,
  seconds: 288,
  imagesPerSecond: 4.16,
  stages,
  notes: ['“photos” was empty, so nothing below it was removed.'],
  interrupted: false,
  sample: [],
};
const nothing: IndexReport = {
  ...finished,
  added: 0,
  updated: 0,
  moved: 0,
  skipped: {},
  failed: [],
  segments: 0,
  seconds: 0.04,
  imagesPerSecond: 0,
  notes: [],
  stages: { scan: 0, decode: 0, segment: 0, encode: 0, store: 0 },
  kept: 1201,
};
const plan: IndexEstimate = {
  add: 1204,
  update: 0,
  move: 2,
  remove: 0,
  keep: 33,
  skipped: { hidden: 2 },
  bytes: 2.3e9,
  seconds: 290,
};

const control = /[\p{Cc}\u202e]/u;

describe('words', () => {
  test('say numbers as people do', () => {
    expect([0, 1, 1234].map((n) => counted(n, 'picture'))).toEqual([
      '0 pictures',
      '1 picture',
      '1,234 pictures',
    ]);
    expect([0, 0.0123, 0.9996, 4.25, 12.4, 59.6, 200, 3600, 7500, -1].map(duration)).toEqual([
      '0 s',
      '12 ms',
      '1.0 s',
      '4.3 s',
      '12 s',
      '1 min',
      '3 min 20 s',
      '1 h',
      '2 h 5 min',
      '–',
    ]);
    expect([0.2, 5, 33, 70, 185, 3000, 9000, 200_000, Number.POSITIVE_INFINITY].map(roughly)).toEqual([
      'less than a second',
      'a few seconds',
      'about 35 seconds',
      'about a minute',
      'about 3 minutes',
      'about an hour',
      'about 3 hours',
      'about 2 days',
      'unknown',
    ]);
    expect([0, 1, 999, 1536, 999_600, 2.3e9].map(bytes)).toEqual([
      '0 bytes',
      '1 byte',
      '999 bytes',
      '1.5 kB',
      '1.0 MB',
      '2.3 GB',
    ]);
    expect([0, 0.314, 4.27, 12.4, 1234].map(rate)).toEqual(['0', '0.31', '4.3', '12', '1,234']);
    expect([0, 0.001, 0.5, 0.999, 1, Number.NaN].map(percent)).toEqual([
      '0 %',
      '< 1 %',
      '50 %',
      '99 %',
      '100 %',
      '0 %',
    ]);
  });
});

describe('progress', () => {
  test('on one line', () => {
    expect(progressLine(running)).toMatchInlineSnapshot(
      `"412 of 1,204 pictures (34 %) · 4.3 images/s · about 3 minutes left · 2 failed"`,
    );
    expect(
      progressLine({
        ...running,
        done: 0,
        failed: 0,
        imagesPerSecond: 0,
        secondsLeft: Number.POSITIVE_INFINITY,
      }),
    ).toMatchInlineSnapshot(`"0 of 1,204 pictures (0 %)"`);
    expect(progressLine({ ...running, done: 1204, failed: 0 })).toMatchInlineSnapshot(
      `"1,204 of 1,204 pictures (100 %) · 4.3 images/s · done"`,
    );
    expect(
      progressLine({ ...running, done: 0, total: 0, failed: 0, imagesPerSecond: 0 }),
    ).toMatchInlineSnapshot(`"0 of 0 pictures (100 %) · done"`);
  });

  test('as a bar tells the same and stays small enough for an output that is renewed often', () => {
    const markup = progress(running);
    for (const fact of [
      '412 of 1,204 pictures',
      '34 %',
      'width:34.2%',
      '4.3 images/s',
      'about 3 minutes left',
      '2 failed',
      'segment',
    ]) {
      expect(markup).toContain(fact);
    }
    expect(markup.length).toBeLessThan(5000);
  });

  test('never leaves its bar, whatever the numbers', () => {
    expect(progress({ ...running, done: 2000 })).toContain('width:100.0%');
    expect(progress({ ...running, done: 0, total: 0 })).not.toMatch(/NaN|Infinity/);
    expect(progressLine({ ...running, round: 'segments' })).toMatch(/^Segments in /);
  });
});

describe('a report', () => {
  test('as text', () => {
    expect(reportText(finished)).toMatchInlineSnapshot(`
      "1,201 pictures indexed. 4 min 48 s, 4.2 images/s.
      1,198 added · 3 updated · 2 moved · 0 removed · 0 kept · 1 failed · 8,123 segments
      Stages: scan 100 ms · decode 2.0 s · segment 8.8 s · encode 4.7 s.
      Note: “photos” was empty, so nothing below it was removed.
      Left alone: 12 sidecar · 3 hidden
      1 picture could not be read:
        images/broken.jpg: Premature end of JPEG file"
    `);
    expect(reportText(nothing)).toMatchInlineSnapshot(`
      "Nothing to do: the index is up to date. 40 ms.
      0 added · 0 updated · 0 moved · 0 removed · 1,201 kept · 0 failed · 0 segments"
    `);
    expect(
      reportText({ ...finished, interrupted: true, failed: [], notes: [], skipped: {} }),
    ).toMatchInlineSnapshot(`
      "Stopped before the end; the next run goes on from here. 4 min 48 s, 4.2 images/s.
      1,198 added · 3 updated · 2 moved · 0 removed · 0 kept · 0 failed · 8,123 segments
      Stages: scan 100 ms · decode 2.0 s · segment 8.8 s · encode 4.7 s."
    `);
  });

  test('shows fifty failures and counts the rest', () => {
    const failed = Array.from({ length: 73 }, (_, n) => ({ path: `images/${n}.jpg`, reason: 'broken' }));
    const markup = report({ ...finished, failed });
    expect(markup.match(/<tr><td/g)).toHaveLength(50);
    expect(markup).toContain('and 23 more');
    expect(markup).toContain('73 pictures could not be read');
    expect(reportText({ ...finished, failed })).toMatch(/ {2}and 23 more$/);
  });

  test('has a row for each failure, a sentence for each note, a word for each kind skipped', () => {
    const markup = report(finished);
    for (const part of [
      '1,201 pictures indexed',
      '8,123',
      'images/<wbr>broken.jpg',
      'Premature end',
      'nothing below it',
      '12 sidecar · 3 hidden',
    ]) {
      expect(markup).toContain(part);
    }
  });

  test('lets nothing from outside act, in a page or in a terminal', () => {
    const failed = nastyStrings.map((text) => ({ path: text, reason: text }));
    const hostile = {
      ...finished,
      failed,
      notes: [...nastyStrings],
      skipped: Object.fromEntries(nastyStrings.map((text) => [text, 1])),
    };
    const tags = new Set([...report(hostile).matchAll(/<\/?([a-zA-Z]+)/g)].map(([, tag]) => tag));
    expect([...tags].sort()).toEqual([
      'b',
      'bdi',
      'div',
      'i',
      'li',
      'span',
      'style',
      'table',
      'tbody',
      'td',
      'th',
      'thead',
      'tr',
      'ul',
      'wbr',
    ]);
    for (const line of reportText(hostile).split('\n')) expect(line).not.toMatch(control);
  });
});

describe('an estimate', () => {
  test('as text', () => {
    expect(estimateText(plan)).toMatchInlineSnapshot(`
      "1,204 pictures to index. 2.3 GB to read, about 5 minutes.
      1,204 to add · 0 to update · 2 to move · 0 to remove · 33 to keep
      Left alone: 2 hidden"
    `);
    expect(
      estimateText({ ...plan, add: 0, move: 0, skipped: {}, bytes: 0, seconds: 0 }),
    ).toMatchInlineSnapshot(`
      "Nothing to do: the index is up to date. Nothing has to be read.
      0 to add · 0 to update · 0 to move · 0 to remove · 33 to keep"
    `);
  });

  test('as a table tells the same', () => {
    for (const part of ['1,204 pictures to index', '2.3 GB to read, about 5 minutes', '2 hidden'])
      expect(estimate(plan)).toContain(part);
  });
});

describe('the summary of a headless run', () => {
  const hitOf = (path: string, relevance: number, label?: string): Hit => ({
    imageId: 'a',
    paths: [path],
    score: 0.3,
    why: '',
    relevance,
    facts: { width: 1, height: 1, format: 'jpeg', bytes: 1, orientation: 'square', photograph: false },
    evidence: {
      segments:
        label === undefined
          ? []
          : [{ segmentId: 'a:0', bbox: { x: 0, y: 0, width: 1, height: 1 }, score: 0.3, rank: 1, label }],
    },
  });

  test('names pictures, segments, speed, stages, the query and its five best hits', () => {
    const hits = Array.from({ length: 7 }, (_, n) =>
      hitOf(`/pictures/${n}.jpg`, 0.9 - n / 10, n ? undefined : 'ball'),
    );
    expect(
      summaryText({ pictures: 120, segments: 744, imagesPerSecond: 11.8, stages, query: 'a red ball', hits }),
    ).toMatchInlineSnapshot(`
      "Pictures  120
      Segments  744
      Speed     12 images/s
      Stages    scan 100 ms · decode 2.0 s · segment 8.8 s · encode 4.7 s
      Query     a red ball
        1.  0.90  /pictures/0.jpg  (ball)
        2.  0.80  /pictures/1.jpg
        3.  0.70  /pictures/2.jpg
        4.  0.60  /pictures/3.jpg
        5.  0.50  /pictures/4.jpg"
    `);
    expect(summaryText({ ...nothing, pictures: 0, query: 'a red ball', hits: [] })).toMatchInlineSnapshot(`
      "Pictures  0
      Segments  0
      Speed     nothing new to index
      Query     a red ball
                no picture answers this"
    `);
  });

  test('sends nothing to the terminal that a file name brought along', () => {
    for (const text of nastyStrings) {
      const lines = summaryText({
        pictures: 1,
        segments: 1,
        imagesPerSecond: 1,
        stages,
        query: text,
        hits: [hitOf(text, 0.5, text)],
      }).split('\n');
      expect(lines).toHaveLength(6);
      for (const line of lines) {
        expect(line).not.toMatch(control);
        expect(line.length).toBeLessThan(300);
      }
    }
  });
});
