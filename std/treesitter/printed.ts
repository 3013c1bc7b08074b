/**
 * Trees as text: S-expressions, and graphs in the DOT language.
 *
 * Walks with a cursor, since a tree may be deeper than any stack.
 */
import type { Node, TreeCursor } from "web-tree-sitter";
import { Failure, TREE_NODES_WRITTEN_MAX } from "../../src/core/mod.ts";

/** Visits every node below a cursor's place: `enter` before its children, `leave` after them. */
function walk(cursor: TreeCursor, enter: () => void, leave: () => void): void {
  // Counted here: the cursor would count it anew each time.
  let depth = 0;
  enter();
  for (;;) {
    if (cursor.gotoFirstChild()) {
      depth++;
      enter();
      continue;
    }
    for (;;) {
      leave();
      if (depth === 0) return;
      if (cursor.gotoNextSibling()) break;
      cursor.gotoParent();
      depth--;
    }
    enter();
  }
}

function demandWritable(node: Node): void {
  const { descendantCount } = node;
  if (descendantCount <= TREE_NODES_WRITTEN_MAX) return;
  const message =
    `a tree of ${descendantCount} nodes is too large to be written, at most ${TREE_NODES_WRITTEN_MAX} are`;
  throw new Failure("LimitExceeded", message, { retryable: false });
}

/** The S-expression of a node: named nodes with their fields, what is missing, and errors. */
export function sexpOf(node: Node): string {
  demandWritable(node);
  return node.toString();
}

/** The graph of a tree; `place` gives the bytes a node spans. */
export function dotOf(root: Node, place: (node: Node) => readonly [start: number, end: number]): string {
  demandWritable(root);
  let out = "digraph tree {\nedge [arrowhead=none]\n";
  const cursor = root.walk();
  const path: number[] = [];
  let count = 0;
  try {
    walk(cursor, () => {
      const id = count++;
      const node = cursor.currentNode;
      const [start, end] = place(node);
      const style = node.childCount === 0 ? ", shape=plaintext" : "";
      const colour = node.isError || node.isMissing
        ? ", fontcolor=red"
        : node.isNamed
        ? ""
        : ", fontcolor=gray";
      const label = JSON.stringify(node.type);
      out += `tree_${id} [label=${label}${style}${colour}, tooltip="range: ${start} - ${end}"]\n`;
      const parent = path.at(-1);
      if (parent !== undefined) out += `tree_${parent} -> tree_${id}\n`;
      path.push(id);
    }, () => path.pop());
  } finally {
    cursor.delete();
  }
  return `${out}}\n`;
}
