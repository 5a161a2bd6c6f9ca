/**
 * Any 8-bit picture as RGB: uint8[n, channels] → uint8[n, 3]. One channel is grey, two are grey and alpha, four are
 * RGB and alpha; what is transparent lies over white, rounded as Pillow's alpha_composite rounds.
 */
export function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const isGrey = channels < 3;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    const alpha = channels === 1 ? 255 : data[from + channels - 1]!;
    for (let channel = 0; channel < 3; channel++)
      rgb[to + channel] = overWhite(data[isGrey ? from : from + channel]!, alpha);
  }
  return rgb;
}

function overWhite(value: number, alpha: number): number {
  return Math.round((value * alpha + 255 * (255 - alpha)) / 255);
}
