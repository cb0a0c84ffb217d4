import type { Terminal } from "../../terminal/index.ts";
import type { Catalogue } from "./catalogue-file.ts";

/** Items shown at a node, and children of a node. */
const shownItems = 3;
const shownChildren = 12;

/** Prints the tree of IDs down to a depth, with examples of the items below each node; the largest branches first. */
export function printTree(terminal: Terminal, { trie, items }: Catalogue, depth: number): void {
  const visit = (node: number, at: number, prefix: string): void => {
    const { children } = trie.depths[at];
    const below = trie.depths[at + 1];
    if (!below || at >= depth) return;
    const sizes = Array.from({ length: children[node + 1] - children[node] }, (_, i) => {
      const child = children[node] + i;
      return { child, size: below.leaves[child + 1] - below.leaves[child] };
    }).sort((a, b) => b.size - a.size || a.child - b.child);
    for (const { child, size } of sizes.slice(0, shownChildren)) {
      const name = `${prefix}${below.codes[child]}`;
      const first = Array.from(trie.items.subarray(below.leaves[child], below.leaves[child] + shownItems));
      const examples = first.slice(0, size).map((item) => items[item].text.slice(0, 36) || items[item].id);
      terminal.print(`${"  ".repeat(at)}${name}  ${size} ${size === 1 ? "item" : "items"}: ${examples.join("; ")}`);
      visit(child, at + 1, `${name}-`);
    }
    const left = sizes.length - shownChildren;
    if (left > 0) terminal.print(`${"  ".repeat(at)}… and ${left} more`);
  };
  visit(0, 0, "");
}
