/** Nodes of trees as objects of Lua. */
import type { Node } from "web-tree-sitter";
import { type Call, defineObject, type ModuleFunction, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { LuaHandle, LuaValue } from "../../src/vm/mod.ts";
import { indexArgument, pointTable } from "./arguments.ts";
import { sexpOf } from "./printed.ts";
import type { SyntaxNode } from "./syntax_tree.ts";

/** The object of a node. */
export function createNode(call: Call, node: SyntaxNode): LuaHandle {
  return call.create(nodeObject, node);
}

/** A method that reads its node. */
function reading(read: (node: SyntaxNode) => LuaValue): ModuleFunction {
  return (call) => {
    const node = call.self(nodeObject);
    return node.owner.language.library.run(() => read(node));
  };
}

/** A method that gives another node, or nil. */
function moving(move: (node: Node, call: Call) => Node | null): ModuleFunction {
  return (call) => {
    const node = call.self(nodeObject);
    const found = node.owner.language.library.run(() => move(node.node, call));
    return found === null ? null : createNode(call, node.relative(found));
  };
}

/** The index at argument 2, when a node has that many children. */
function childIndex(call: Call, count: number): number | undefined {
  const index = indexArgument(call, 2);
  return index < 0 || index >= count ? undefined : index;
}

/** A node. */
export const nodeObject: ObjectDefinition<SyntaxNode> = defineObject<SyntaxNode>({
  name: "treesitter.Node",
  methods: {
    kind: reading(({ node }) => node.type),
    type: reading(({ node }) => node.type),
    grammar_name: reading(({ node }) => node.grammarType),
    is_named: reading(({ node }) => node.isNamed),
    is_extra: reading(({ node }) => node.isExtra),
    has_error: reading(({ node }) => node.hasError),
    has_changes: reading(({ node }) => node.hasChanges),
    is_error: reading(({ node }) => node.isError),
    is_missing: reading(({ node }) => node.isMissing),
    child_count: reading(({ node }) => node.childCount),
    named_child_count: reading(({ node }) => node.namedChildCount),
    start_byte: reading((node) => node.startByte),
    end_byte: reading((node) => node.endByte),
    start_point: reading((node) => pointTable(node.startPoint)),
    end_point: reading((node) => pointTable(node.endPoint)),
    text: reading((node) => node.text()),
    to_sexp: reading(({ node }) => sexpOf(node)),
    child: moving((node, call) => {
      const index = childIndex(call, node.childCount);
      return index === undefined ? null : node.child(index);
    }),
    named_child: moving((node, call) => {
      const index = childIndex(call, node.namedChildCount);
      return index === undefined ? null : node.namedChild(index);
    }),
    next_sibling: moving((node) => node.nextSibling),
    prev_sibling: moving((node) => node.previousSibling),
    next_named_sibling: moving((node) => node.nextNamedSibling),
    prev_named_sibling: moving((node) => node.previousNamedSibling),
    parent: moving((node) => node.parent),
    child_by_field_name: moving((node, call) => node.childForFieldName(call.string(2))),
    field_name_for_child: (call) => {
      const { node, owner } = call.self(nodeObject);
      return owner.language.library.run(() => {
        const index = childIndex(call, node.childCount);
        return index === undefined ? null : node.fieldNameForChild(index);
      });
    },
  },
  operators: {
    eq: (call) => {
      const a = call.object(1, nodeObject);
      const b = call.object(2, nodeObject);
      return a !== undefined && b !== undefined && a.owner === b.owner && a.node.id === b.node.id &&
        a.node.startIndex === b.node.startIndex;
    },
  },
  tostring: ({ node }) => `treesitter.Node{${node.type}}`,
  release: ({ owner }) => owner.release(),
});
