/** The tree of a template. */
import type { LuaValue } from "../vm/mod.ts";

/** An operator with two operands. */
export type BinaryOperator =
  | "||"
  | "&&"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%";

/** An expression. */
export type Expression =
  | { readonly kind: "literal"; readonly value: LuaValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "context" }
  /** Where a piped value goes. */
  | { readonly kind: "slot" }
  | { readonly kind: "member"; readonly object: Expression; readonly key: Expression }
  | {
    readonly kind: "slice";
    readonly object: Expression;
    readonly from: Expression | undefined;
    readonly to: Expression | undefined;
  }
  | { readonly kind: "unary"; readonly operator: "!" | "-" | "+"; readonly operand: Expression }
  | {
    readonly kind: "binary";
    readonly operator: BinaryOperator;
    readonly left: Expression;
    readonly right: Expression;
  }
  | {
    readonly kind: "conditional";
    readonly test: Expression;
    readonly then: Expression;
    readonly otherwise: Expression;
  }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: readonly Expression[] };

/** Variables that get values. `_` takes a value and drops it. */
export interface Assignment {
  readonly names: readonly string[];
  readonly values: readonly Expression[];
  /** `:=` makes variables, `=` changes them. */
  readonly isNew: boolean;
}

/** A parameter of a block, or an argument of a yield. `name` is "" for an argument by place. */
export interface Parameter {
  readonly name: string;
  readonly value: Expression | undefined;
}

/** A block. */
export interface Block {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly context: Expression | undefined;
  readonly body: readonly Statement[];
  readonly content: readonly Statement[] | undefined;
}

/** A statement. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly value: Expression; readonly line: number }
  | { readonly kind: "assign"; readonly assignment: Assignment; readonly line: number }
  | {
    readonly kind: "if";
    readonly assignment: Assignment | undefined;
    readonly test: Expression;
    readonly then: readonly Statement[];
    readonly otherwise: readonly Statement[];
    readonly line: number;
  }
  | {
    readonly kind: "range";
    readonly key: string | undefined;
    readonly value: string | undefined;
    readonly isNew: boolean;
    readonly over: Expression;
    readonly body: readonly Statement[];
    readonly otherwise: readonly Statement[];
    readonly line: number;
  }
  | { readonly kind: "block"; readonly block: Block; readonly line: number }
  | {
    readonly kind: "yield";
    readonly name: string;
    readonly args: readonly Parameter[];
    readonly context: Expression | undefined;
    readonly content: readonly Statement[] | undefined;
    readonly line: number;
  }
  | { readonly kind: "content"; readonly context: Expression | undefined; readonly line: number }
  | {
    readonly kind: "include";
    readonly path: Expression;
    readonly context: Expression | undefined;
    readonly line: number;
  }
  | {
    readonly kind: "try";
    readonly body: readonly Statement[];
    readonly name: string | undefined;
    readonly otherwise: readonly Statement[];
    readonly line: number;
  }
  | { readonly kind: "return"; readonly value: Expression; readonly line: number };

/** A parsed template. */
export interface TemplateSyntax {
  readonly name: string;
  readonly extended: string | undefined;
  readonly imports: readonly string[];
  /** Blocks by name, wherever they stand; the last of a name counts. */
  readonly blocks: ReadonlyMap<string, Block>;
  readonly body: readonly Statement[];
}
