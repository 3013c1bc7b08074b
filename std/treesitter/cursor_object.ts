/** Cursors over trees as objects of Lua. */
import type { TreeCursor } from "web-tree-sitter";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, type LuaHandle, type LuaValue, Values } from "../../src/vm/mod.ts";
import { indexArgument, invalid, offsetArgument, pointArgument } from "./arguments.ts";
import { createNode, nodeObject } from "./node_object.ts";
import { SyntaxNode, type SyntaxTree } from "./syntax_tree.ts";

/** A cursor in the hands of a script. */
interface CursorHandle {
  owner: SyntaxTree;
  readonly cursor: TreeCursor;
  isClosed: boolean;
}

/** The object of a cursor over `owner`. */
export function createCursor(call: Call, owner: SyntaxTree, cursor: TreeCursor): LuaHandle {
  return call.create(cursorObject, { owner: owner.retain(), cursor, isClosed: false });
}

function close(handle: CursorHandle): void {
  if (handle.isClosed) return;
  handle.isClosed = true;
  handle.cursor.delete();
  handle.owner.release();
}

function open(handle: CursorHandle): CursorHandle {
  if (handle.isClosed) throw invalid("cursor is closed");
  return handle;
}

/** A method of an open cursor. */
function method(
  apply: (cursor: TreeCursor, call: Call, owner: SyntaxTree) => LuaValue | Values,
): ModuleFunction {
  return (call) => {
    const { cursor, owner } = open(call.self(cursorObject));
    return owner.language.library.run(() => apply(cursor, call, owner));
  };
}

/** Which child of the node it was at a cursor has moved to by `go`; nil when it has not. */
function childReached(cursor: TreeCursor, go: () => boolean): LuaValue {
  const walker = cursor.copy();
  try {
    if (!go()) return null;
    if (!walker.gotoFirstChild()) return null;
    let index = 0;
    while (walker.nodeId !== cursor.nodeId || walker.startIndex !== cursor.startIndex) {
      if (!walker.gotoNextSibling()) return null;
      index++;
    }
    return index;
  } finally {
    walker.delete();
  }
}

const NOTHING = new Values([]);

/** A cursor. */
export const cursorObject: ObjectDefinition<CursorHandle> = defineObject<CursorHandle>({
  name: "treesitter.Cursor",
  methods: {
    current_node: method((cursor, call, owner) =>
      createNode(call, new SyntaxNode(owner, cursor.currentNode))
    ),
    current_depth: method((cursor) => cursor.currentDepth),
    current_field_name: method((cursor) => cursor.currentFieldName),
    current_field_id: method((cursor) => cursor.currentFieldId),
    current_descendant_index: method((cursor) => cursor.currentDescendantIndex),
    goto_parent: method((cursor) => cursor.gotoParent()),
    goto_first_child: method((cursor) => cursor.gotoFirstChild()),
    goto_last_child: method((cursor) => cursor.gotoLastChild()),
    goto_next_sibling: method((cursor) => cursor.gotoNextSibling()),
    goto_previous_sibling: method((cursor) => cursor.gotoPreviousSibling()),
    goto_descendant: method((cursor, call, owner) => {
      const index = indexArgument(call, 2);
      if (index < 0 || index >= owner.tree.rootNode.descendantCount) {
        throw invalid(`there is no descendant ${index}`);
      }
      cursor.gotoDescendant(index);
      return NOTHING;
    }),
    goto_first_child_for_byte: method((cursor, call, owner) => {
      const unit = owner.source.unitOf(offsetArgument(call, 2));
      return childReached(cursor, () => cursor.gotoFirstChildForIndex(unit));
    }),
    goto_first_child_for_point: method((cursor, call, owner) => {
      const point = owner.source.unitPoint(pointArgument(call, 2));
      return childReached(cursor, () => cursor.gotoFirstChildForPosition(point));
    }),
    reset: (call) => {
      const handle = open(call.self(cursorObject));
      const node = call.object(2, nodeObject);
      if (node === undefined) throw new ArgumentError(2, "treesitter.Node", call.type(2));
      if (node.owner !== handle.owner) throw invalid("the node belongs to another tree");
      handle.owner.language.library.run(() => handle.cursor.reset(node.node));
      return NOTHING;
    },
    reset_to: (call) => {
      const handle = open(call.self(cursorObject));
      const other = call.object(2, cursorObject);
      if (other === undefined) throw new ArgumentError(2, "treesitter.Cursor", call.type(2));
      open(other);
      if (other.owner !== handle.owner) throw invalid("the cursor belongs to another tree");
      handle.owner.language.library.run(() => handle.cursor.resetTo(other.cursor));
      return NOTHING;
    },
    copy: method((cursor, call, owner) => createCursor(call, owner, cursor.copy())),
    close: (call) => {
      close(call.self(cursorObject));
      return NOTHING;
    },
  },
  tostring: ({ isClosed }) => isClosed ? "treesitter.Cursor{closed}" : "treesitter.Cursor{}",
  release: close,
});
