import sharp, { type Sharp } from 'sharp';

/** An undamaged picture of a format and a way of writing it. */
export interface Original {
  name: string;
  /** The ending of its file. */
  ending: string;
  bytes: Buffer;
}

const WIDTH = 72;
const HEIGHT = 56;

/** Bright shapes on a gradient: something that every format writes in several blocks, strips or tiles. */
function pixels(channels: 3 | 4): Buffer {
  return Buffer.from(
    Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => {
      const [x, y, c] = [Math.floor(i / channels) % WIDTH, Math.floor(i / channels / WIDTH), i % channels];
      if (c === 3) return 255 - 2 * y;
      return Math.hypot(x - 40, y - 25) < 15 ? [230, 40, 30][c]! : 90 + x + (y % 7) * 9 * (c + 1);
    }),
  );
}

/** One of each kind that sharp writes, with and without EXIF and colour profile, a few kB each. */
export async function originals(): Promise<Original[]> {
  const raw = { width: WIDTH, height: HEIGHT };
  const rgb = (): Sharp => sharp(pixels(3), { raw: { ...raw, channels: 3 } });
  const rgba = (): Sharp => sharp(pixels(4), { raw: { ...raw, channels: 4 } });
  const frames = (): Sharp =>
    sharp(Buffer.concat([pixels(4), pixels(4)]), {
      raw: { width: WIDTH, height: 2 * HEIGHT, pageHeight: HEIGHT, channels: 4 },
    });
  const told = (image: Sharp): Sharp =>
    image
      .withExif({
        IFD0: { Make: 'Leica', Model: 'M3', Orientation: '6' },
        IFD2: { DateTimeOriginal: '2001:02:03 04:05:06' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' },
      })
      .withIccProfile('p3');
  const made: [string, string, Sharp][] = [
    ['baseline', 'jpg', rgb().jpeg({ quality: 85 })],
    ['progressive', 'jpg', rgb().jpeg({ progressive: true, optimiseScans: true })],
    ['told', 'jpg', told(rgb()).jpeg()],
    ['cmyk', 'jpg', rgb().toColourspace('cmyk').jpeg()],
    ['grey', 'jpg', rgb().greyscale().jpeg()],
    ['plain', 'png', rgb().png()],
    ['interlaced', 'png', rgba().png({ progressive: true })],
    ['palette', 'png', rgb().png({ palette: true })],
    ['deep', 'png', rgba().toColourspace('rgb16').png()],
    ['told', 'png', told(rgb()).png()],
    ['lossy', 'webp', told(rgb()).webp()],
    ['lossless', 'webp', rgba().webp({ lossless: true })],
    ['moving', 'webp', frames().webp({ loop: 0 })],
    ['still', 'gif', rgb().gif()],
    ['moving', 'gif', frames().gif()],
    ['lzw', 'tif', rgb().tiff({ compression: 'lzw' })],
    [
      'deflated-tiles',
      'tif',
      rgba().tiff({ compression: 'deflate', tile: true, tileWidth: 32, tileHeight: 32 }),
    ],
    ['jpeg', 'tif', told(rgb()).tiff({ compression: 'jpeg' })],
    ['big', 'tif', rgb().tiff({ compression: 'none', bigtiff: true })],
    ['fax', 'tif', rgb().threshold().toColourspace('b-w').tiff({ compression: 'ccittfax4', bitdepth: 1 })],
    ['lossy', 'avif', told(rgb()).avif({ effort: 0 })],
    ['deep', 'avif', rgba().avif({ effort: 0, bitdepth: 10 })],
  ];
  const drawn = ['plain', 'rich'].map((name) => ({
    name,
    ending: 'svg',
    bytes: Buffer.from(svg(name === 'rich')),
  }));
  const written = await Promise.all(
    made.map(async ([name, ending, image]) => ({ name, ending, bytes: await image.toBuffer() })),
  );
  return [...written, ...drawn];
}

function svg(isRich: boolean): string {
  const rich = `<defs><linearGradient id="g"><stop offset="0" stop-color="#fa0"/><stop offset="1" stop-color="#04f"/></linearGradient>
<filter id="f"><feGaussianBlur stdDeviation="2"/><feOffset dx="1"/></filter><pattern id="p" width="9" height="9" patternUnits="userSpaceOnUse"><path d="M0 0L9 9"/></pattern>
<clipPath id="c"><circle cx="30" cy="30" r="25"/></clipPath></defs><g clip-path="url(#c)" filter="url(#f)"><rect width="72" height="56" fill="url(#g)"/></g><use href="#g"/>
<text x="5" y="40" font-size="12" style="fill:url(#p)">words</text>`;
  return `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 56" width="${WIDTH}" height="${HEIGHT}"><rect width="72" height="56" fill="#eed"/><circle cx="40" cy="25" r="15" fill="#d22"/>${isRich ? rich : ''}</svg>`;
}
