import { crc32, deflateSync, gzipSync } from 'node:zlib';
import type { Mutant } from './pictures-mutated.js';
import type { Original } from './pictures-originals.js';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG of 1-bit grey whose data is `rows` empty rows; more chunks may stand before them. */
function png(width: number, height: number, rows: number, extra: Buffer[] = []): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([1, 0, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc(rows * (1 + Math.ceil(width / 8))), { level: 9 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    ...extra,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function jpegHead(width: number, height: number): Buffer {
  const sides = Buffer.alloc(4);
  sides.writeUInt16BE(height, 0);
  sides.writeUInt16BE(width, 2);
  return Buffer.concat([
    Buffer.from('ffd8ffc0001108', 'hex'),
    sides,
    Buffer.from('03012200021101031101', 'hex'),
  ]);
}

/** A GIF of those sides with an empty stream of pixels. */
function gif(width: number, height: number): Buffer {
  const sides = Buffer.alloc(4);
  sides.writeUInt16LE(width, 0);
  sides.writeUInt16LE(height, 2);
  const colours = Buffer.from('80000000000000ffffff', 'hex');
  return Buffer.concat([
    Buffer.from('GIF89a'),
    sides,
    colours,
    Buffer.from('2c00000000', 'hex'),
    sides,
    Buffer.from('0002024401003b', 'hex'),
  ]);
}

/** A little-endian TIFF of those entries: [tag, type, count, value]; the next directory lies at `next`. */
function tiff(entries: [number, number, number, number][], next = 0): Buffer {
  const bytes = Buffer.alloc(8 + 2 + 12 * entries.length + 4);
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(entries.length, 8);
  for (const [n, [tag, type, count, value]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 10 + 12 * n);
    bytes.writeUInt16LE(type, 12 + 12 * n);
    bytes.writeUInt32LE(count, 14 + 12 * n);
    bytes.writeUInt32LE(value, 18 + 12 * n);
  }
  bytes.writeUInt32LE(next, bytes.length - 4);
  return bytes;
}

const plainTiff = (width: number, height: number): [number, number, number, number][] => [
  [256, 4, 1, width],
  [257, 4, 1, height],
  [258, 3, 1, 8],
  [259, 3, 1, 1],
  [262, 3, 1, 1],
  [273, 4, 1, 8],
  [277, 3, 1, 1],
  [278, 4, 1, height],
  [279, 4, 1, 0xffffffff],
];

function svg(inside: string, attributes = 'width="64" height="64"', before = ''): Buffer {
  return Buffer.from(
    `${before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inside}</svg>`,
  );
}

/** Ten times itself, `levels` deep. */
function laughs(levels: number): Buffer {
  const entities = Array.from({ length: levels }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`);
  return svg(
    `<text>&l${levels};</text>`,
    undefined,
    `<!DOCTYPE svg [<!ENTITY l0 "ha">${entities.join('')}]>`,
  );
}

/** Ten to the ninth times one thing, of which librsvg draws half a million. */
function uses(thing: string, before = ''): Buffer {
  const groups = Array.from(
    { length: 9 },
    (_, n) => `<g id="u${n + 1}">${`<use xlink:href="#u${n}"/>`.repeat(10)}</g>`,
  );
  return svg(`<defs>${before}<g id="u0">${thing}</g>${groups.join('')}</defs><use xlink:href="#u9"/>`);
}

function boxed(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8 + data.length);
  return Buffer.concat([length, Buffer.from(type, 'latin1'), data]);
}

/**
 * Files that were made to harm: bombs, endless structures, references to elsewhere, slivers, two things in one.
 * @param elsewhere a URL that must not be asked, and a picture file that must not be shown.
 */
export function hostile(originals: readonly Original[], elsewhere: { url: string; file: string }): Mutant[] {
  const find = (name: string, ending: string): Buffer =>
    originals.find((one) => one.name === name && one.ending === ending)!.bytes;
  const { url, file } = elsewhere;
  const jpeg = find('baseline', 'jpg');
  const plain = find('plain', 'png');
  const script = '<script>fetch("/")</script>';
  const fat = chunk(
    'zTXt',
    Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(2 ** 27), { level: 9 })]),
  );
  const profile = chunk(
    'iCCP',
    Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(2 ** 27), { level: 9 })]),
  );
  const scans = jpeg.subarray(jpeg.indexOf(Buffer.from('ffda', 'hex')), -2);
  const frames = gif(3000, 3000);
  const files: Record<string, Buffer> = {
    'png-198-million.png': png(14_000, 14_142, 14_142),
    'png-claims-4-billion.png': png(65_535, 65_535, 1),
    'png-claims-2-to-the-62.png': png(0x7fffffff, 0x7fffffff, 1),
    'png-1-by-65000.png': png(1, 65_000, 65_000),
    'png-65000-by-1.png': png(65_000, 1, 1),
    'png-rows-missing.png': png(14_000, 14_142, 10),
    'png-fat-text.png': png(64, 64, 64, [fat]),
    'png-fat-profile.png': png(64, 64, 64, [profile]),
    'png-100000-chunks.png': png(64, 64, 64, Array<Buffer>(100_000).fill(chunk('tEXt', Buffer.from('a\0b')))),
    'jpeg-no-body.jpg': jpegHead(65_500, 65_500),
    'jpeg-large-no-body.jpg': jpegHead(14_000, 14_000),
    'jpeg-3000-scans.jpg': Buffer.concat([
      find('progressive', 'jpg').subarray(0, -2),
      ...Array<Buffer>(3000).fill(scans),
    ]),
    'jpeg-1-by-65500.jpg': jpegHead(1, 65_500),
    'gif-65535.gif': gif(65_535, 65_535),
    'gif-14000.gif': gif(14_000, 14_000),
    'gif-20000-frames.gif': Buffer.concat([
      frames.subarray(0, -1),
      ...Array<Buffer>(20_000).fill(frames.subarray(19, -1)),
    ]),
    'tiff-circle.tif': tiff(plainTiff(64, 64), 8),
    'tiff-14000.tif': tiff(plainTiff(14_000, 14_000)),
    'tiff-4-billion.tif': tiff(plainTiff(0xffff, 0xffff)),
    'tiff-65535-channels.tif': tiff([
      ...plainTiff(1000, 1000).filter(([tag]) => tag !== 277),
      [277, 3, 1, 0xffff],
    ]),
    'tiff-huge-tile.tif': tiff([
      ...plainTiff(64, 64),
      [322, 4, 1, 0x7ffffff0],
      [323, 4, 1, 0x7ffffff0],
      [324, 4, 1, 8],
      [325, 4, 1, 99],
    ]),
    'avif-huge.avif': Buffer.concat([
      boxed('ftyp', Buffer.from('avif\0\0\0\0avifmif1')),
      boxed('meta', Buffer.alloc(4)),
    ]),
    'avif-deep-boxes.avif': Array.from({ length: 500 }).reduce<Buffer>(
      (inside) => boxed('meta', Buffer.concat([Buffer.alloc(4), inside])),
      Buffer.from('ftypavif'),
    ),
    'webp-16383.webp': Buffer.from('524946461a000000574542505650384c0d0000002ffffffffff0ffff0f8888', 'hex'),
    'svg-1-by-65000.svg': svg('<rect width="1" height="65000" fill="red"/>', 'width="1" height="65000"'),
    'svg-65000-by-1.svg': svg('<rect width="65000" height="1" fill="red"/>', 'width="65000" height="1"'),
    'svg-endless-sides.svg': svg('<rect width="9" height="9"/>', 'width="1e30" height="1e30"'),
    'svg-no-sides.svg': svg('<rect width="9" height="9"/>', 'width="0" height="0"'),
    'svg-laughs.svg': laughs(9),
    'svg-uses.svg': uses('<rect width="9" height="9"/>'),
    'svg-filtered-uses.svg': uses(
      '<rect width="64" height="64" filter="url(#f)"/>',
      '<filter id="f"><feTurbulence numOctaves="9" baseFrequency=".9"/></filter>',
    ),
    'svg-itself.svg': svg(
      '<g id="a"><use xlink:href="#a"/></g><pattern id="p" width="1" height="1"><rect fill="url(#p)"/></pattern><rect fill="url(#p)"/>',
    ),
    'svg-deep.svg': svg(`${'<g>'.repeat(100_000)}${'</g>'.repeat(100_000)}`),
    'svg-blur.svg': svg(
      '<filter id="f" x="-9" y="-9" width="19" height="19"><feGaussianBlur stdDeviation="9999"/></filter><rect width="64" height="64" filter="url(#f)"/>',
      'width="9000" height="9000" viewBox="0 0 64 64"',
    ),
    'svg-turbulence.svg': svg(
      '<filter id="f" x="0" y="0" width="1" height="1"><feTurbulence numOctaves="2000000000" baseFrequency=".9"/></filter><rect width="9000" height="9000" filter="url(#f)"/>',
      'width="9000" height="9000"',
    ),
    'svg-morphology.svg': svg(
      '<filter id="f" x="0" y="0" width="1" height="1"><feMorphology radius="300"/></filter><rect width="3000" height="3000" filter="url(#f)"/>',
      'width="3000" height="3000"',
    ),
    'svg-patterns.svg': svg(
      `${Array.from({ length: 12 }, (_, n) => `<pattern id="p${n + 1}" width=".01" height=".01"><rect width="64" height="64" fill="url(#p${n})"/></pattern>`).join('')}<rect width="64" height="64" fill="url(#p12)"/>`,
    ),
    'svg-long-path.svg': svg(
      `<path stroke="red" stroke-dasharray=".001" d="M0 0${'L64 64L0 64'.repeat(20_000)}"/>`,
    ),
    'svg-image-file.svg': svg(`<image xlink:href="${file}" width="64" height="64"/>`),
    'svg-image-url.svg': svg(
      `<image href="${url}/a.png" width="64" height="64"/><use href="${url}/b.svg#x"/>`,
    ),
    'svg-entity-file.svg': svg(
      '<text y="30">&x;</text>',
      undefined,
      `<!DOCTYPE svg [<!ENTITY x SYSTEM "${file}">]>`,
    ),
    'svg-entity-url.svg': svg(
      '<text y="30">&x;</text>',
      undefined,
      `<!DOCTYPE svg SYSTEM "${url}/c.dtd" [<!ENTITY % y SYSTEM "${url}/d"> %y;]>`,
    ),
    'svg-style-url.svg': svg(
      `<style>@import url("${url}/e.css"); @font-face{font-family:q;src:url("${url}/f.woff")} text{font-family:q}</style><text y="30">q</text>`,
      undefined,
      `<?xml-stylesheet href="${url}/g.css"?>`,
    ),
    'svg-include.svg': svg(
      `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${file}" parse="text"/>`,
    ),
    'svg-script.svg': svg(
      `<script>while(true){}</script><rect width="64" height="64" fill="red" onload="for(;;);"/><foreignObject width="64" height="64"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${url}"/></foreignObject>`,
    ),
    'svg-data-bomb.svg': svg(
      `<image href="data:image/png;base64,${png(14_000, 14_142, 14_142).toString('base64')}" width="64" height="64"/>`,
    ),
    'svg-zipped.svg': gzipSync(svg(' '.repeat(2 ** 25))),
    'svg-utf16.svg': Buffer.from(`\ufeff<?xml version="1.0" encoding="utf-16"?>${svg('')}`, 'utf16le'),
    'gif-and-script.gif': Buffer.concat([
      Buffer.from('GIF89a/*'),
      gif(64, 64).subarray(8),
      Buffer.from('*/=1;alert(1)'),
    ]),
    'jpeg-and-page.jpg': Buffer.concat([jpeg, Buffer.from(`<html>${script}</html>`)]),
    'jpeg-and-zip.jpg': Buffer.concat([
      jpeg,
      Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'),
      Buffer.alloc(60),
    ]),
    'png-and-svg.png': Buffer.concat([plain, svg(script)]),
    'page-and-png.png': Buffer.concat([Buffer.from(`<html>${script}`), plain]),
    'pdf-and-jpeg.jpg': Buffer.concat([Buffer.from('%PDF-1.7\n'), jpeg]),
    'svg-and-jpeg.svg': Buffer.concat([svg('<rect width="9" height="9"/>'), jpeg]),
    'postscript.jpg': Buffer.from(
      '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(/etc/passwd) (r) file\n',
    ),
    'magick.svg': Buffer.from(
      'push graphic-context\nviewbox 0 0 64 64\nimage over 0,0 0,0 "|id"\npop graphic-context',
    ),
    'matrix.png': Buffer.from('2 2 1 0\n1 2\n3 4\n'),
    'table.png': Buffer.from('1,2\n3,4\n'),
    'pbm-huge.png': Buffer.from('P5 99999999 99999999 255\n'),
    'fits.tif': Buffer.from(
      'SIMPLE  =                    T / x'
        .padEnd(80)
        .concat('NAXIS   =          2000000000'.padEnd(80))
        .padEnd(2880),
    ),
    'raw-zeros.png': Buffer.alloc(2 ** 20),
    'one-byte.png': Buffer.alloc(1),
    'empty.png': Buffer.alloc(0),
  };
  return Object.entries(files).map(([name, bytes]) => ({ name, bytes }));
}
