/** The tree of an expression. `at` is the offset of what messages point at. */
import type { LuaValue } from "../vm/mod.ts";

/** An operator with two operands. */
export type BinaryOperator =
  | "or"
  | "and"
  | "??"
  | "=="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "in"
  | "contains"
  | "startsWith"
  | "endsWith"
  | "matches"
  | ".."
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**";

/** A node. */
export type Node =
  | { readonly kind: "literal"; readonly value: LuaValue }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "local"; readonly slot: number }
  | { readonly kind: "env" }
  | { readonly kind: "pointer"; readonly name: "#" | "#acc" | "#index" }
  | {
    readonly kind: "unary";
    readonly operator: "not" | "-" | "+";
    readonly operand: Node;
    readonly at: number;
  }
  | {
    readonly kind: "binary";
    readonly operator: BinaryOperator;
    readonly left: Node;
    readonly right: Node;
    readonly at: number;
  }
  | {
    readonly kind: "conditional";
    readonly test: Node;
    /** Absent in `test ?: otherwise`: the value of the test itself. */
    readonly then: Node | undefined;
    readonly otherwise: Node;
    readonly at: number;
  }
  | {
    readonly kind: "member";
    readonly object: Node;
    readonly key: Node;
    readonly isOptional: boolean;
    readonly at: number;
  }
  | {
    readonly kind: "slice";
    readonly object: Node;
    readonly from: Node | undefined;
    readonly to: Node | undefined;
    readonly at: number;
  }
  /** Ends what a `?.` inside may skip. */
  | { readonly kind: "chain"; readonly node: Node }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[]; readonly at: number }
  | {
    readonly kind: "method";
    readonly object: Node;
    readonly name: string;
    readonly isOptional: boolean;
    readonly args: readonly Node[];
    readonly at: number;
  }
  /** An expression that a function runs for each element. */
  | { readonly kind: "predicate"; readonly body: Node }
  | { readonly kind: "array"; readonly items: readonly Node[] }
  | {
    readonly kind: "map";
    readonly pairs: readonly (readonly [key: Node, value: Node])[];
    readonly at: number;
  }
  | { readonly kind: "let"; readonly slot: number; readonly value: Node; readonly body: Node }
  | { readonly kind: "sequence"; readonly items: readonly Node[] };

/** A parsed expression. */
export interface Syntax {
  readonly root: Node;
  /** Number of `let` variables. */
  readonly slots: number;
  /** Whether it uses regular expressions. */
  readonly usesRegex: boolean;
  /** Names it reads from its environment, with the offset of their first use. */
  readonly names: ReadonlyMap<string, number>;
}
