/** The little of a browser and of plotly that the page of a map uses; no other file of lib sees a DOM. */

export interface Style {
  [name: string]: string;
}

export interface PageEvent {
  key: string;
  clientX: number;
  clientY: number;
  button: number;
  buttons: number;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  preventDefault(): void;
}

export interface PageElement {
  id: string;
  className: string;
  textContent: string | null;
  title: string;
  value: string;
  hidden: boolean;
  checked: boolean;
  style: Style;
  dataset: Record<string, string>;
  classList: { add(name: string): void; toggle(name: string, on: boolean): void };
  append(...children: (PageElement | string)[]): void;
  replaceChildren(...children: PageElement[]): void;
  setAttribute(name: string, value: string): void;
  addEventListener(name: string, listener: (event: PageEvent) => void): void;
  querySelectorAll(selector: string): Iterable<PageElement>;
  getBoundingClientRect(): { left: number; top: number; width: number; height: number };
  select(): void;
}

export interface PageImage {
  /** Red, green, blue, opacity; row by row. */
  data: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
}

export interface PageCanvas extends PageElement {
  width: number;
  height: number;
  getContext(kind: '2d', options: { alpha: boolean }): Canvas2d | null;
}

export interface Canvas2d {
  canvas: PageCanvas;
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  font: string;
  createImageData(width: number, height: number): PageImage;
  putImageData(image: PageImage, x: number, y: number): void;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  beginPath(): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
  measureText(text: string): { width: number };
  strokeText(text: string, x: number, y: number): void;
  fillText(text: string, x: number, y: number): void;
}

export declare const document: {
  body: PageElement;
  documentElement: PageElement;
  getElementById(id: string): PageElement | null;
  createElement(name: string): PageElement;
  execCommand(name: string): boolean;
};
export declare const navigator: { clipboard?: { writeText(text: string): Promise<void> } };
export declare const innerWidth: number;
export declare const innerHeight: number;
export declare function atob(text: string): string;
export declare const devicePixelRatio: number;
export declare function getComputedStyle(element: PageElement): { color: string; backgroundColor: string };
export declare function requestAnimationFrame(step: () => void): void;
export declare function matchMedia(query: string): {
  addEventListener(name: 'change', listener: () => void): void;
};
export declare function addEventListener(name: string, listener: (event: PageEvent) => void): void;

export interface Axis {
  range: [number, number];
  /** Where the axis begins, in pixels of the plot. */
  _offset: number;
  /** And how many it takes. */
  _length: number;
}

/** What was drawn round points, in the map's own measures. */
export interface PlotShape {
  range?: { x: [number, number]; y: [number, number] };
  lassoPoints?: { x: number[]; y: number[] };
}

export interface Plot extends PageElement {
  _fullLayout: { xaxis: Axis; yaxis: Axis };
  on(name: string, listener: (event: PlotShape | undefined) => void): void;
}

export declare const Plotly: {
  react(plot: PageElement, traces: object[], layout: object, config: object): Promise<void>;
  relayout(plot: PageElement, changes: object): Promise<void>;
};

/** An element of the page's own frame, which is always there. */
export function part(id: string): PageElement {
  return document.getElementById(id)!;
}

/** A new element with a text; text never becomes markup. */
export function made(name: string, className: string, text: string = ''): PageElement {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
