/** Trees as objects of Lua. */
import type { Range } from "web-tree-sitter";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, type LuaHandle, type LuaValue, Values } from "../../src/vm/mod.ts";
import { fieldsOf, invalid, offsetArgument, pointArgument, pointTable, positionField } from "./arguments.ts";
import { createCursor } from "./cursor_object.ts";
import { languageObject } from "./language_object.ts";
import { createNode } from "./node_object.ts";
import { dotOf } from "./printed.ts";
import type { Source } from "./source.ts";
import { SyntaxNode, type SyntaxTree } from "./syntax_tree.ts";

/** A tree in the hands of a script. */
interface TreeHandle {
  readonly owner: SyntaxTree;
  isClosed: boolean;
}

/** The object of a tree. */
export function createTree(call: Call, owner: SyntaxTree): LuaHandle {
  return call.create(treeObject, { owner, isClosed: false });
}

/** The tree of a handle. Fails with Invalid when it is closed. */
export function treeOf({ owner, isClosed }: TreeHandle): SyntaxTree {
  if (isClosed) throw invalid("tree is closed");
  return owner;
}

/** Argument `i` as an open tree. */
export function treeArgument(call: Call, i: number): SyntaxTree {
  const handle = call.object(i, treeObject);
  if (handle === undefined) throw new ArgumentError(i, "treesitter.Tree", call.type(i));
  return treeOf(handle);
}

function method(apply: (tree: SyntaxTree, call: Call) => LuaValue | Values): ModuleFunction {
  return (call) => {
    const tree = treeOf(call.self(treeObject));
    return tree.language.library.run(() => apply(tree, call));
  };
}

function close(handle: TreeHandle): void {
  if (handle.isClosed) return;
  handle.isClosed = true;
  handle.owner.release();
}

function rangeTable(source: Source, range: Range): LuaValue {
  // A tree of all the text says that it ends as far as can be.
  const end = Math.min(range.endIndex, source.unitOf(source.bytes.length));
  const isAll = end !== range.endIndex;
  return {
    start_byte: source.byteOf(range.startIndex),
    end_byte: source.byteOf(end),
    start_point: pointTable(source.pointOf(range.startIndex, range.startPosition)),
    end_point: pointTable(
      isAll ? source.pointAt(source.bytes.length).point : source.pointOf(end, range.endPosition),
    ),
  };
}

/** Applies an edit in bytes. */
function edit(tree: SyntaxTree, call: Call): Values {
  const fields = fieldsOf(call.count < 2 ? null : call.value(2), "edit");
  const at = (name: string): { byte: number; row: number; column: number } => ({
    byte: positionField(fields, `${name}_byte`),
    row: positionField(fields, `${name}_row`),
    column: positionField(fields, `${name}_column`),
  });
  const [start, oldEnd, newEnd] = [at("start"), at("old_end"), at("new_end")];
  const { source } = tree;
  const { length } = source.bytes;
  if (start.byte > oldEnd.byte) throw invalid("start_byte is beyond old_end_byte");
  if (start.byte > newEnd.byte) throw invalid("start_byte is beyond new_end_byte");
  if (oldEnd.byte > length) {
    throw invalid(`old_end_byte is beyond the end of the source, which has ${length} bytes`);
  }
  tree.grow(newEnd.byte - oldEnd.byte);
  const edited = source.edited(start.byte, oldEnd.byte, newEnd.byte);
  const units = (from: Source, place: { byte: number; row: number; column: number }) => {
    const index = from.unitOf(place.byte);
    return {
      index,
      point: { row: place.row, column: index - from.unitOf(Math.max(0, place.byte - place.column)) },
    };
  };
  const [first, last, next] = [units(source, start), units(source, oldEnd), units(edited, newEnd)];
  const { Edit } = tree.language.library.api;
  tree.tree.edit(
    new Edit({
      startIndex: first.index,
      oldEndIndex: last.index,
      newEndIndex: next.index,
      startPosition: first.point,
      oldEndPosition: last.point,
      newEndPosition: next.point,
    }),
  );
  tree.source = edited;
  return new Values([]);
}

/** A tree. */
export const treeObject: ObjectDefinition<TreeHandle> = defineObject<TreeHandle>({
  name: "treesitter.Tree",
  methods: {
    root_node: method((tree, call) => createNode(call, new SyntaxNode(tree, tree.tree.rootNode))),
    root_node_with_offset: method((tree, call) => {
      const bytes = offsetArgument(call, 2);
      const point = pointArgument(call, 3);
      const node = tree.tree.rootNodeWithOffset(bytes, { row: point.row, column: point.column });
      return createNode(call, new SyntaxNode(tree, node, { source: tree.source, offset: { bytes, point } }));
    }),
    language: method((tree, call) => call.create(languageObject, tree.language)),
    copy: method((tree, call) => createTree(call, tree.copy())),
    walk: method((tree, call) => createCursor(call, tree, tree.tree.walk())),
    edit: method(edit),
    changed_ranges: method((tree, call) => {
      const other = treeArgument(call, 2);
      if (other.language !== tree.language) throw invalid("the trees are of different languages");
      return tree.tree.getChangedRanges(other.tree).map((range) => rangeTable(other.source, range));
    }),
    included_ranges: method((tree) =>
      tree.tree.getIncludedRanges().map((range) => rangeTable(tree.source, range))
    ),
    dot_graph: method(({ tree, source }) =>
      dotOf(tree.rootNode, (node) => [source.byteOf(node.startIndex), source.byteOf(node.endIndex)])
    ),
    close: (call) => {
      close(call.self(treeObject));
      return new Values([]);
    },
  },
  tostring: ({ owner, isClosed }) =>
    isClosed ? "treesitter.Tree{closed}" : `treesitter.Tree{${owner.language.name}}`,
  release: close,
});
