/**
 * Colours that people with any colour vision tell apart (Okabe and Ito, 2008), in an order that keeps
 * neighbours far apart; pink first on pictures, because few things in the world are pink.
 */
export const maskColours: readonly string[] = [
  '#FF5DA8',
  '#4CC2F1',
  '#F2C500',
  '#00A878',
  '#E8590C',
  '#8B74F0',
  '#B8D432',
  '#2C7FD1',
];

/** For dots on light and on dark paper alike: middle tones only. */
export const dotColours: readonly string[] = [
  '#2C7FD1',
  '#E69F00',
  '#009E73',
  '#CC5FA0',
  '#D55E00',
  '#45A9DE',
  '#8A63D2',
  '#A0842B',
];

/** What belongs to no colour of its own. */
export const otherColour = '#9AA0A8';

/** A colour of the list, again from the start where the list ends. */
export function colourOf(colours: readonly string[], index: number): string {
  return colours[index % colours.length]!;
}

/** Black or white, whichever reads better on the colour `#RRGGBB`. */
export function inkOn(colour: string): '#000' | '#fff' {
  const channel = (at: number): number => Number.parseInt(colour.slice(at, at + 2), 16) / 255;
  const linear = (value: number): number =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = 0.2126 * linear(channel(1)) + 0.7152 * linear(channel(3)) + 0.0722 * linear(channel(5));
  return luminance > 0.2 ? '#000' : '#fff';
}
