import { type NamePlace, type PlacedName, placeNames } from '../name-places.js';
import { type Canvas2d, devicePixelRatio, type PageImage } from './browser.js';
import { colourNumber, fill, type Pixels, paint } from './dots.js';
import { type Frame, onStage, scaled } from './frame.js';
import type { Layer } from './layers.js';
import { drawHit, drawStar, type Mark } from './marks.js';
import type { Points } from './points.js';

/** All dots, marks and names of groups, as they look now; later ones lie on top. */
export interface Look {
  layers: readonly Layer[];
  marks: readonly Mark[];
  /** In the map's own measures, the most important first. */
  names: readonly NamePlace[];
  /** `#rrggbb` */
  ink: string;
  paper: string;
}

export interface Cloud {
  /** Draws everything once: of 100,000 points some ten milliseconds. Returns the names where they have come to lie. */
  draw(frame: Frame, look: Look): PlacedName<NamePlace>[];
  /** Pixels across a dot, which grows as the map is drawn nearer. */
  diameterAt(frame: Frame): number;
}

const FONT = '600 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const LARGEST_DOT = 11;
/** Pixels of the page beyond the edge in which a dot may have its middle. */
const RIM = 14;

/** Draws on a canvas of its own below plotly's: WebGL without a graphics card draws 100,000 points twice a second. */
export function cloudOf(context: Canvas2d, points: Points): Cloud {
  const { canvas } = context;
  const [left, right, top, bottom] = points.extent;
  const smallest = points.count > 20_000 ? 3 : points.count > 3000 ? 5 : 8;
  const widths = new Map<string, number>();
  let image: PageImage | undefined;
  let pixels: Pixels | undefined;

  const diameterAt = ({ scaleX, width, height }: Frame): number => {
    const whole = Math.min(width / (right - left), height / (bottom - top));
    const grown = smallest * Math.max(1, scaleX / whole) ** 0.35;
    return Math.min(LARGEST_DOT, Math.round(2 * grown) / 2);
  };
  /** The canvas takes the size of what is in view; its pixels are made anew only then. */
  const pixelsOf = ({ width, height }: Frame): Pixels => {
    const rim = Math.ceil(RIM * devicePixelRatio);
    if (pixels && canvas.width === width && canvas.height === height) return pixels;
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${width / devicePixelRatio}px`;
    image = context.createImageData(width + 2 * rim, height + 2 * rim);
    pixels = { data: new Uint32Array(image.data.buffer), width: image.width, height: image.height, rim };
    return pixels;
  };
  const halfOf = (text: string): number => {
    const width = widths.get(text) ?? context.measureText(text).width; // in the font that is set
    widths.set(text, width);
    return width / 2 + 4;
  };

  return {
    diameterAt,
    draw(frame, { layers, marks, names, ink, paper }) {
      const dense = devicePixelRatio;
      const fine = scaled(frame, dense);
      const onto = pixelsOf(fine);
      fill(onto, colourNumber(paper));
      const diameter = diameterAt(frame);
      for (const { indices, colour, opacity, wider } of layers) {
        const dots = { indices, colour, opacity, diameter: (diameter + wider) * dense };
        paint(onto, fine, { x: points.x, y: points.y, dots });
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.putImageData(image!, -onto.rim, -onto.rim);
      context.setTransform(dense, 0, 0, dense, 0, 0);
      Object.assign(context, { textAlign: 'center', textBaseline: 'middle', lineJoin: 'round' });
      const markPlaces = marks.map(({ index }) =>
        onStage(frame, { x: points.x[index]!, y: points.y[index]! }),
      );
      for (const [n, mark] of marks.entries()) {
        if (mark.number < 0) drawStar(context, markPlaces[n]!);
        else drawHit(context, markPlaces[n]!, mark);
      }
      Object.assign(context, { font: FONT, lineWidth: 4, strokeStyle: paper, fillStyle: ink });
      const wanted = names.map((name) => ({ ...name, ...onStage(frame, name) }));
      const placed = placeNames(wanted, { halfOf, marks: markPlaces });
      for (const { text, x, y } of placed) {
        context.strokeText(text, x, y);
        context.fillText(text, x, y);
      }
      return placed;
    },
  };
}
