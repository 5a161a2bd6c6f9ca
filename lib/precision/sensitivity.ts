/** Which matrix products cost most accuracy in 8 bits, found by trying each of them alone. */

export interface Search {
  /** In the graph's order. */
  products: readonly string[];
  /** What is lost with the rounding of all products but these; 0 is nothing. Asked for each product alone. */
  lossWithout(keep: readonly string[]): Promise<number>;
  /** Whether the rounding of all products but these can be borne. */
  isBorneWithout(keep: readonly string[]): Promise<boolean>;
  /** The largest share of the products that may stay in fp32 (default a third: beyond it little speed is left). */
  most?: number;
}

/**
 * The products to keep in fp32 so that the rest can be borne: those that lose most when each alone is rounded, as few as
 * do. Costs a trial for each product and a handful more.
 * @returns null where even the largest share does not help.
 */
export async function productsToKeep(search: Search): Promise<string[] | null> {
  const { products, lossWithout, isBorneWithout, most = 1 / 3 } = search;
  const losses: { product: string; loss: number }[] = [];
  for (const product of products) {
    const others = products.filter((name) => name !== product);
    losses.push({ product, loss: await lossWithout(others) });
  }
  const worstFirst = losses.sort((a, b) => b.loss - a.loss).map(({ product }) => product);
  const limit = Math.floor(most * products.length);
  // By doubling up to one that does, then by halving the gap below it.
  let [tooFew, enough] = [0, 0];
  for (let count = 1; enough === 0 && tooFew < limit; count = 2 * count) {
    const tried = Math.min(count, limit);
    if (await isBorneWithout(worstFirst.slice(0, tried))) enough = tried;
    else tooFew = tried;
  }
  if (enough === 0) return null;
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (await isBorneWithout(worstFirst.slice(0, middle))) enough = middle;
    else tooFew = middle;
  }
  return worstFirst.slice(0, enough);
}
