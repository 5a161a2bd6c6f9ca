import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineConfig } from '#lib/config.js';
import { LookbookError } from '#lib/errors.js';
import type { IndexReport, LookbookConfig } from '#lib/index.js';
import { openCatalogue } from '#lib/indexing/catalogue.js';
import { runIndex } from '#lib/indexing/indexer.js';
import { closeWorkshop, type OpenWorkshop, openWorkshop } from '#lib/workshop.js';
import { openRoom, type Room } from './pictures.js';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.clear());

/** A run with a workshop that was changed after it was opened. */
async function run(
  change: (workshop: OpenWorkshop) => void = () => undefined,
  config: LookbookConfig = {},
): Promise<IndexReport> {
  const settings = defineConfig({ ...room.config, ...config });
  const workshop = await openWorkshop(settings);
  const catalogue = await openCatalogue(join(room.folder, 'catalogue.jsonl'));
  try {
    change(workshop);
    return await runIndex(settings, workshop, catalogue);
  } finally {
    await catalogue.close();
    await closeWorkshop(workshop);
  }
}

/** What a segmenter says of a picture that its graph gives no numbers for. */
function refuseWide(workshop: OpenWorkshop): void {
  const segmenter = workshop.segmenter!;
  workshop.segmenter = {
    ...segmenter,
    segment(pictures) {
      if (pictures.every(({ width }) => width === 96)) return segmenter.segment(pictures);
      throw new LookbookError('segmenter', {
        what: 'the output logits is not usable',
        got: 'numbers that are not finite',
        mend: 'Fetch the weights again.',
      });
    },
  };
}

describe('a picture that a segmenter refuses', () => {
  async function drawThree(): Promise<void> {
    await room.draw('red.png', 'red');
    await room.draw('blue.png', 'blue');
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="96"/>';
    await room.write('wide.png', await sharp(Buffer.from(svg)).png().toBuffer());
  }
  const line = [{ path: 'wide.png', reason: expect.stringContaining('the output logits is not usable') }];

  it('is a line of the report in every run, and the others are stored', async () => {
    await drawThree();
    expect(await run(refuseWide)).toMatchObject({ added: 2, failed: line });
    expect(await run(refuseWide)).toMatchObject({ added: 0, kept: 2, failed: line });
    expect(await run()).toMatchObject({ added: 1, failed: [] });
  });

  it('is found by its whole-picture vector where segments have a stage of their own', async () => {
    await drawThree();
    const cropping = (workshop: OpenWorkshop): void => {
      refuseWide(workshop);
      workshop.encoder = { ...workshop.encoder, poolsSegments: false };
    };
    expect(await run(cropping)).toMatchObject({ added: 3, failed: line });
    expect(await run(cropping)).toMatchObject({ added: 0, kept: 3, failed: line });
  });
});

describe('the masks of a picture that is removed', () => {
  const all = ['pictoclip-segments', 'windows', ['pictoclip-segments', 'windows']];
  async function maskFiles(): Promise<string[]> {
    const files = await readdir(join(room.folder, 'masks'), { recursive: true });
    return files.filter((file) => file.endsWith('.json'));
  }

  it('go whichever segmenters made them, and before its row', async () => {
    await room.draw('red.png', 'red');
    await room.draw('blue.png', 'blue');
    for (const segmenter of all) await run(undefined, { segmenter });
    expect(await maskFiles()).toHaveLength(2 * all.length);
    await rm(join(room.images, 'red.png'));
    const killed = ({ pictures }: OpenWorkshop): void => {
      vi.spyOn(pictures, 'remove').mockRejectedValueOnce(new Error('killed'));
    };
    await expect(run(killed, { segmenter: 'windows', allowRemoval: true })).rejects.toThrow('killed');
    expect(await maskFiles()).toHaveLength(all.length);
    expect(await run(undefined, { segmenter: 'windows', allowRemoval: true })).toMatchObject({
      removed: 1,
    });
    expect(await maskFiles()).toHaveLength(all.length);
  });
});
