/** How near two points of a map are taken to be: 1 / (1 + a · d^(2b)) of their distance d. */
export interface NearnessCurve {
  a: number;
  b: number;
}

const SAMPLES = 300;
const REACH = 3;
const ROUNDS = 200;

/**
 * The curve of that form that comes closest to 1 up to `minDist` and e^−(d − minDist) beyond it, by least squares over
 * 0..3 (UMAP, McInnes, Healy and Melville 2018, section 4.2; spread 1), found by Levenberg's and Marquardt's steps.
 */
export function fitCurve(minDist: number): NearnessCurve {
  const xs = Array.from({ length: SAMPLES }, (_, n) => (n * REACH) / (SAMPLES - 1));
  const wanted = xs.map((x) => (x < minDist ? 1 : Math.exp(minDist - x)));
  let curve: NearnessCurve = { a: 1, b: 1 };
  let error = squaredError(xs, wanted, curve);
  let damping = 1e-3;
  for (let round = 0; round < ROUNDS && damping < 1e12; round++) {
    const tried = stepOf(xs, wanted, { curve, damping });
    const triedError = squaredError(xs, wanted, tried);
    if (triedError < error) {
      curve = tried;
      error = triedError;
      damping /= 5;
    } else damping *= 5;
  }
  return curve;
}

function nearness(x: number, { a, b }: NearnessCurve): number {
  return 1 / (1 + a * x ** (2 * b));
}

function squaredError(xs: readonly number[], wanted: readonly number[], curve: NearnessCurve): number {
  if (!(curve.a > 0 && curve.b > 0)) return Number.POSITIVE_INFINITY;
  return xs.reduce((sum, x, n) => sum + (nearness(x, curve) - wanted[n]!) ** 2, 0);
}

function stepOf(
  xs: readonly number[],
  wanted: readonly number[],
  { curve, damping }: { curve: NearnessCurve; damping: number },
): NearnessCurve {
  const { a, b } = curve;
  let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
  for (const [n, x] of xs.entries()) {
    if (x === 0) continue;
    const power = x ** (2 * b);
    const value = nearness(x, curve);
    const byA = -power * value * value;
    const byB = 2 * a * Math.log(x) * byA;
    const rest = wanted[n]! - value;
    aa += byA * byA;
    ab += byA * byB;
    bb += byB * byB;
    ra += byA * rest;
    rb += byB * rest;
  }
  const [first, last] = [aa * (1 + damping), bb * (1 + damping)];
  const area = first * last - ab * ab;
  return { a: a + (last * ra - ab * rb) / area, b: b + (first * rb - ab * ra) / area };
}
