/**
 * Trees as text: S-expressions, and graphs in the DOT language.
 *
 * Walks with a cursor, since a tree may be deeper than any stack.
 */
import type { Node, TreeCursor } from "web-tree-sitter";
import { Failure, TREE_TEXT_MAX } from "../../src/core/mod.ts";

/** Text that may grow to a limit. */
class BoundedText {
  text = "";

  add(part: string): void {
    this.text += part;
    if (this.text.length > TREE_TEXT_MAX) {
      throw new Failure("LimitExceeded", `the text of the tree has more than ${TREE_TEXT_MAX} characters`, {
        retryable: false,
      });
    }
  }
}

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

/** The S-expression of a node: named nodes with their fields, what is missing, and errors. */
export function sexpOf(node: Node): string {
  const out = new BoundedText();
  const cursor = node.walk();
  const shown: boolean[] = [];
  try {
    walk(cursor, () => {
      const isRoot = shown.length === 0;
      const isMissing = cursor.nodeIsMissing;
      const isShown = isRoot || isMissing || cursor.nodeIsNamed;
      shown.push(isShown);
      if (!isShown) return;
      if (!isRoot) out.add(" ");
      const field = isRoot ? null : cursor.currentFieldName;
      if (field !== null) out.add(`${field}: `);
      out.add(headOf(cursor, isMissing));
    }, () => {
      if (shown.pop()) out.add(")");
    });
  } finally {
    cursor.delete();
  }
  return out.text;
}

function headOf(cursor: TreeCursor, isMissing: boolean): string {
  const type = cursor.nodeType;
  if (isMissing) return cursor.nodeIsNamed ? `(MISSING ${type}` : `(MISSING ${JSON.stringify(type)}`;
  if (type === "ERROR") {
    const { currentNode } = cursor;
    if (currentNode.childCount === 0 && currentNode.endIndex > currentNode.startIndex) {
      return `(UNEXPECTED '${[...currentNode.text][0]}'`;
    }
  }
  return cursor.nodeIsNamed ? `(${type}` : `(${JSON.stringify(type)}`;
}

/** The graph of a tree; `place` gives the bytes a node spans. */
export function dotOf(root: Node, place: (node: Node) => readonly [start: number, end: number]): string {
  const out = new BoundedText();
  const cursor = root.walk();
  const path: number[] = [];
  let count = 0;
  out.add("digraph tree {\nedge [arrowhead=none]\n");
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
      out.add(`tree_${id} [label=${label}${style}${colour}, tooltip="range: ${start} - ${end}"]\n`);
      const parent = path.at(-1);
      if (parent !== undefined) out.add(`tree_${parent} -> tree_${id}\n`);
      path.push(id);
    }, () => path.pop());
  } finally {
    cursor.delete();
  }
  out.add("}\n");
  return out.text;
}
