/** Points of a plane, sorted so that near ones are found without looking at all: a k-d tree (Bentley 1975). Pure. */

/** A node holds the places `from` to `to` of `order`; its box is what they fill. The points are not copied. */
export interface PlaneTree {
  count: number;
  /** float32[n, 2] of x, y. */
  points: Float32Array;
  /** Indices of points; those of a node lie side by side. */
  order: Int32Array;
  from: Int32Array;
  to: Int32Array;
  /** Of a node's left child, its right one follows; −1 of a leaf. Children come after their parent. */
  child: Int32Array;
  /** float64[nodes, 4]: least x, least y, greatest x, greatest y. */
  boxes: Float64Array;
}

/** Points that a leaf may hold. */
const LEAF = 12;

/** Cost: n · log n. Equal points share leaves. */
export function planeTree(points: Float32Array): PlaneTree {
  const count = points.length / 2;
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const nodes: { from: number; to: number; child: number }[] = count
    ? [{ from: 0, to: count, child: -1 }]
    : [];
  const boxes: number[] = [];
  // Nodes are made while they are gone through.
  for (let node = 0; node < nodes.length; node++) {
    const { from, to } = nodes[node]!;
    const box = boxOf(points, order.subarray(from, to));
    boxes.push(...box);
    if (to - from <= LEAF) continue;
    const axis = box[2] - box[0] >= box[3] - box[1] ? 0 : 1;
    const middle = (from + to) >> 1;
    // Ties by index: the same points give the same tree, in whatever order a node met them.
    order.subarray(from, to).sort((a, b) => points[2 * a + axis]! - points[2 * b + axis]! || a - b);
    nodes[node]!.child = nodes.length;
    nodes.push({ from, to: middle, child: -1 }, { from: middle, to, child: -1 });
  }
  return {
    count,
    points,
    order,
    from: Int32Array.from(nodes, ({ from }) => from),
    to: Int32Array.from(nodes, ({ to }) => to),
    child: Int32Array.from(nodes, ({ child }) => child),
    boxes: Float64Array.from(boxes),
  };
}

function boxOf(points: Float32Array, indices: Int32Array): [number, number, number, number] {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < indices.length; at++) {
    const x = points[2 * indices[at]!]!;
    const y = points[2 * indices[at]! + 1]!;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return [left, top, right, bottom];
}

/** Squared distance of two points. */
export function squaredBetween({ points }: PlaneTree, a: number, b: number): number {
  const x = points[2 * a]! - points[2 * b]!;
  const y = points[2 * a + 1]! - points[2 * b + 1]!;
  return x * x + y * y;
}

/** Squared distance of a point from a node's box, 0 within it. */
export function squaredFromBox({ points, boxes }: PlaneTree, point: number, node: number): number {
  const x = points[2 * point]!;
  const y = points[2 * point + 1]!;
  const aside = Math.max(0, boxes[4 * node]! - x, x - boxes[4 * node + 2]!);
  const beneath = Math.max(0, boxes[4 * node + 1]! - y, y - boxes[4 * node + 3]!);
  return aside * aside + beneath * beneath;
}

/** Who is looked for, beside being near. */
export interface Wanted {
  /** The least that a candidate of a node can cost, given the squared distance of its box; above the bound it is left out. */
  least(node: number, squared: number): number;
  /** What a point costs, infinity if it is not wanted. */
  cost(index: number, squared: number): number;
  /** A point that costs no more than the bound; it answers with the new bound. */
  take(index: number, cost: number): number;
}

/** Goes through the points around one, near boxes first, as long as they can cost less than the bound. */
export function around(tree: PlaneTree, point: number, wanted: Wanted, bound: number): void {
  const { child, from, to, order, count } = tree;
  if (!count) return;
  const open = [0];
  let limit = bound;
  while (open.length) {
    const node = open.pop()!;
    if (wanted.least(node, squaredFromBox(tree, point, node)) > limit) continue;
    const left = child[node]!;
    if (left >= 0) {
      const isLeftNear = squaredFromBox(tree, point, left) <= squaredFromBox(tree, point, left + 1);
      open.push(isLeftNear ? left + 1 : left, isLeftNear ? left : left + 1);
      continue;
    }
    for (let at = from[node]!; at < to[node]!; at++) {
      const index = order[at]!;
      const cost = wanted.cost(index, squaredBetween(tree, point, index));
      if (cost <= limit && cost < Number.POSITIVE_INFINITY) limit = wanted.take(index, cost);
    }
  }
}

/** Squared distances of the k nearest others of a point, nearest first; fewer where there are fewer. */
export function nearestSquared(tree: PlaneTree, point: number, k: number): number[] {
  const found: number[] = [];
  const most = Math.min(k, tree.count - 1);
  if (most < 1) return found;
  around(
    tree,
    point,
    {
      least: (_, squared) => squared,
      cost: (index, squared) => (index === point ? Number.POSITIVE_INFINITY : squared),
      take(_, squared) {
        let at = found.length;
        while (at > 0 && found[at - 1]! > squared) at--;
        found.splice(at, 0, squared);
        if (found.length > most) found.pop();
        return found.length < most ? Number.MAX_VALUE : found[most - 1]!;
      },
    },
    Number.MAX_VALUE,
  );
  return found;
}
