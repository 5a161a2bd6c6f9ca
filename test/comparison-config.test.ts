import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineComparison } from '#lib/comparison-config.js';
import { projectPath } from '#lib/paths.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookbook-comparison-'));
  await writeFile(join(folder, 'a.png'), '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('the settings of a comparison', () => {
  it('left out are the embedded model with all of its layers, on the demo pictures and their queries', () => {
    expect(defineComparison({}, {})).toEqual({
      models: [{ encoder: 'pictoclip', layers: 'all' }],
      images: [projectPath('images')],
      metrics: ['cosine', 'euclidean', 'sqeuclidean', 'minkowski', 'dot'],
      queries: projectPath('images/queries.json'),
    });
  });

  it('name models with their layers; a tensor may have any sign but # and the comma in its name', () => {
    const models = ['a', 'b#x#/tower/y:0', 'hf:owner/name@abc#all', { encoder: 'c', layers: ['z'] }];
    expect(defineComparison({ models }, {}).models).toEqual([
      { encoder: 'a' },
      { encoder: 'b', layers: ['x', '/tower/y:0'] },
      { encoder: 'hf:owner/name@abc', layers: 'all' },
      { encoder: 'c', layers: ['z'] },
    ]);
  });

  it('of the environment win over those of the cell', () => {
    const found = defineComparison(
      { models: ['a'], labels: 'cell.json', metrics: ['dot'], images: 'elsewhere' },
      {
        LOOKBOOK_COMPARE_MODELS: 'b#all, c',
        LOOKBOOK_COMPARE_METRICS: 'cosine,euclidean',
        LOOKBOOK_LABELS: 'none',
        LOOKBOOK_QUERIES: 'none',
        LOOKBOOK_IMAGES: projectPath('images'),
      },
    );
    expect(found).toEqual({
      models: [{ encoder: 'b', layers: 'all' }, { encoder: 'c' }],
      images: [projectPath('images')],
      labels: null,
      metrics: ['cosine', 'euclidean'],
    });
  });

  it('find labels and queries that lie beside the pictures, but no queries of pictures that have gone', async () => {
    await writeFile(join(folder, 'labels.csv'), 'path,class\na.png,x\n');
    await writeFile(join(folder, 'queries.json'), '{"x": ["gone.png"]}');
    const found = defineComparison({ images: folder }, {});
    expect(found.labels).toBe(join(folder, 'labels.csv'));
    expect(found).not.toHaveProperty('queries');
    await writeFile(join(folder, 'queries.json'), '{"x": ["gone.png"], "y": ["a.png"]}');
    expect(defineComparison({ images: folder }, {}).queries).toBe(join(folder, 'queries.json'));
    expect(defineComparison({ images: folder, labels: null, queries: null }, {})).toMatchObject({
      labels: null,
    });
    expect(defineComparison({ images: folder, queries: null }, {})).not.toHaveProperty('queries');
  });

  it('without a model or with an unknown metric are refused with all that is wrong', () => {
    expect(() => defineComparison({ models: [] }, { LOOKBOOK_COMPARE_METRICS: 'hamming' })).toThrow(
      /no model; metrics hamming, expected cosine, .*LOOKBOOK_COMPARE_…/,
    );
  });
});
