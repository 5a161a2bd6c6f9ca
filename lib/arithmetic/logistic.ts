/** A logistic curve: 1 / (1 + e^(−slope · (value − half))). */
export interface Logistic {
  half: number;
  slope: number;
}

/** 0..1; 0.5 at 0. */
export function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

const MOST_STEPS = 100;
const LONGEST_STEP = 1;
/** Keeps the slope finite where the values part right from wrong without a fault. */
const RIDGE = 1e-3;

/**
 * The curve that fits best what is right (true) and wrong by maximum likelihood (Newton's method), values standardised
 * first. Both kinds must occur.
 */
export function fitLogistic(values: readonly number[], right: readonly boolean[]): Logistic {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = Math.sqrt(variance) || 1;
  let [offset, slope] = [0, 1];
  for (let step = 0; step < MOST_STEPS; step++) {
    // Gradient and Hessian of the log likelihood in (offset, slope).
    let [g0, g1, h00, h01, h11] = [-RIDGE * offset, -RIDGE * slope, RIDGE, 0, RIDGE];
    for (const [n, value] of values.entries()) {
      const x = (value - mean) / scale;
      const p = logistic(offset + slope * x);
      const miss = Number(right[n]) - p;
      const weight = p * (1 - p);
      g0 += miss;
      g1 += miss * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    // A long step from a flat place would leave for good.
    const damping = Math.min(1, LONGEST_STEP / Math.hypot(d0, d1));
    offset += damping * d0;
    slope += damping * d1;
    if (Math.abs(d0) + Math.abs(d1) < 1e-9) break;
  }
  return { half: mean - (offset / slope) * scale, slope: slope / scale };
}

/** The chance that a right value is larger than a wrong one, 0.5 for none; ties count half. */
export function auroc(right: readonly number[], wrong: readonly number[]): number {
  let won = 0;
  for (const a of right) for (const b of wrong) won += a > b ? 1 : a === b ? 0.5 : 0;
  return right.length && wrong.length ? won / (right.length * wrong.length) : 0.5;
}
