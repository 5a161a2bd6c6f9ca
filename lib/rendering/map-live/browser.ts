/** The little of a browser and of plotly that the page of a map uses; no other file of lib sees a DOM. */

export interface Style {
  [name: string]: string;
}

export interface PageEvent {
  key: string;
  clientX: number;
  clientY: number;
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
  getContext(kind: string): unknown;
  select(): void;
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
export declare function getComputedStyle(element: PageElement): { color: string };

export interface Axis {
  range: [number, number];
  /** Where the axis begins, in pixels of the plot. */
  _offset: number;
  /** Data → pixels from there. */
  l2p(value: number): number;
}

export interface PlotPoint {
  curveNumber: number;
  pointNumber: number;
}

export interface Plot extends PageElement {
  _fullLayout: { xaxis: Axis; yaxis: Axis };
  on(name: string, listener: (event: { points?: PlotPoint[]; event?: PageEvent } | undefined) => void): void;
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
