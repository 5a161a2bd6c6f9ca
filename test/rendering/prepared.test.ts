import { describe, expect, test } from 'vitest';
import { prepared } from '#lib/rendering/prepared.js';
import { sceneJpeg } from './fixtures.js';

const jpegOf = (colour: string): Promise<Uint8Array> =>
  sceneJpeg({ width: 40, height: 30, drawing: '', sky: [colour, colour] });

describe('prepared query pictures', () => {
  test('stand before and after, in the order of the terms', async () => {
    const [red, green, blue] = await Promise.all(['#f00', '#0f0', '#00f'].map(jpegOf));
    const markup = prepared({
      prepared: [
        { before: red!, after: green! },
        { before: green!, after: blue! },
      ],
    });
    const pictures = [...markup.matchAll(/<img src="data:image\/jpeg;base64,([^"]+)" alt="([^"]+)">/g)];
    expect(pictures.map(([, data, alt]) => [data, alt])).toEqual(
      [
        [red!, 'As it was'],
        [green!, 'As it asks'],
        [green!, 'As it was'],
        [blue!, 'As it asks'],
      ].map(([jpeg, alt]) => [Buffer.from(jpeg as Uint8Array).toString('base64'), alt]),
    );
    expect(markup.match(/<figcaption>/g)).toHaveLength(4);
    expect(markup).not.toMatch(/<script|\son[a-z]+=/);
  });

  test('are nothing where nothing was prepared', () => {
    expect(prepared({})).toBe('');
    expect(prepared({ prepared: [] })).toBe('');
  });
});
