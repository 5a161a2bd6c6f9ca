/** Which steps of a graph of TensorFlow stand in the way of running it. */
import type { GraphNode } from './tensorflow-folder.js';

/**
 * The ops on the way to some nodes that are not among the known ones, each with a node that has it, in the order of their
 * names: those of other parts of the graph do no harm. Linear in the nodes.
 */
export function strangeOps(
  nodes: readonly GraphNode[],
  wanted: readonly string[],
  known: ReadonlySet<string>,
): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const open = wanted.map((name) => name.replace(/:\d+$/, ''));
  const seen = new Set(open);
  const strange = new Map<string, string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = byName.get(name);
    if (!node) continue;
    if (!known.has(node.op) && !strange.has(node.op)) strange.set(node.op, name);
    for (const input of node.inputs.filter((one) => !seen.has(one))) {
      seen.add(input);
      open.push(input);
    }
  }
  return [...strange].map(([op, name]) => `${op} (${name})`).sort();
}
