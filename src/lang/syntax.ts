/**
 * The syntax tree of typed Lua; its types are in `type_syntax.ts`.
 *
 * Every node has UTF-16 offsets `start` and `end` (excluded); `LineMap` turns them into lines and columns. Comments are
 * kept beside the tree, in `ParsedSource`. A source with errors still gives a whole tree, with `missing` nodes in its holes.
 *
 * T1. Left-nested chains (`a + b + …`, `a.b.c…`, `f()()…`) may be as deep as the source is long: walk them in a loop.
 *     All other nesting is at most `NESTING_MAX`.
 */
import type { ResultTypes, TypeNode, TypeParam } from "./type_syntax.ts";

export type * from "./type_syntax.ts";

/** A range of the source. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A name where it is written. */
export interface Identifier extends Range {
  readonly name: string;
}

/** Statements in order. */
export interface Block extends Range {
  readonly statements: readonly Statement[];
}

/** `nil`, `true`, `false` or `...`. */
export interface ConstantExpression extends Range {
  readonly kind: "nil" | "true" | "false" | "vararg";
}

/** A numeral. `value` may be rounded for integers beyond 2^53. */
export interface NumberExpression extends Range {
  readonly kind: "number";
  readonly value: number;
  readonly isInteger: boolean;
}

/** A string literal; bytes that are not UTF-8 appear in `value` as characters of the same number. */
export interface StringExpression extends Range {
  readonly kind: "string";
  readonly value: string;
}

/** A variable, local or global. */
export interface NameExpression extends Range {
  readonly kind: "name";
  readonly name: string;
}

/** `object[key]`. */
export interface IndexExpression extends Range {
  readonly kind: "index";
  readonly object: Expression;
  readonly key: Expression;
}

/** `object.name`. */
export interface MemberExpression extends Range {
  readonly kind: "member";
  readonly object: Expression;
  readonly name: Identifier;
}

/** `callee(arguments)`, also with a string or table as only argument. */
export interface CallExpression extends Range {
  readonly kind: "call";
  readonly callee: Expression;
  readonly arguments: readonly Expression[];
}

/** `object:name(arguments)`. */
export interface MethodCallExpression extends Range {
  readonly kind: "method";
  readonly object: Expression;
  readonly name: Identifier;
  readonly arguments: readonly Expression[];
}

/** An anonymous function. */
export interface FunctionExpression extends Range {
  readonly kind: "function";
  readonly body: FunctionBody;
}

/** A table constructor. */
export interface TableExpression extends Range {
  readonly kind: "table";
  readonly fields: readonly TableField[];
}

/** `value`, `name = value` or `[key] = value`. */
export interface TableField extends Range {
  readonly name: Identifier | undefined;
  readonly key: Expression | undefined;
  readonly value: Expression;
}

/** A binary operation; `operator` is its text. */
export interface BinaryExpression extends Range {
  readonly kind: "binary";
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

/** A unary operation; `operator` is its text. */
export interface UnaryExpression extends Range {
  readonly kind: "unary";
  readonly operator: string;
  readonly operand: Expression;
}

/** `(inner)`: exactly one value. */
export interface ParenExpression extends Range {
  readonly kind: "paren";
  readonly inner: Expression;
}

/** `inner :: type` or `inner as type`. No effect at run time. */
export interface CastExpression extends Range {
  readonly kind: "cast";
  readonly inner: Expression;
  readonly type: TypeNode;
}

/** `inner!`. No effect at run time. */
export interface NonNilExpression extends Range {
  readonly kind: "non-nil";
  readonly inner: Expression;
}

/** A hole where an expression should be. */
export interface MissingExpression extends Range {
  readonly kind: "missing";
}

/** Any expression. */
export type Expression =
  | ConstantExpression
  | NumberExpression
  | StringExpression
  | NameExpression
  | IndexExpression
  | MemberExpression
  | CallExpression
  | MethodCallExpression
  | FunctionExpression
  | TableExpression
  | BinaryExpression
  | UnaryExpression
  | ParenExpression
  | CastExpression
  | NonNilExpression
  | MissingExpression;

/** What all functions have; starts at the type parameters or parenthesis. */
export interface FunctionBody extends Range {
  readonly typeParams: readonly TypeParam[];
  readonly params: readonly Param[];
  /** The `...` parameter. */
  readonly vararg: Param | undefined;
  readonly returns: ResultTypes | undefined;
  /** Absent in declaration files. */
  readonly block: Block | undefined;
}

/** A parameter; `name?: T` is optional. */
export interface Param extends Range {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: TypeNode | undefined;
}

/** A variable that a statement introduces. */
export interface Binding extends Identifier {
  readonly attribute: "const" | "close" | undefined;
  readonly type: TypeNode | undefined;
}

/** `local a, b = …`. */
export interface LocalStatement extends Range {
  readonly kind: "local";
  readonly bindings: readonly Binding[];
  readonly values: readonly Expression[];
}

/** `a, b.c = …`. */
export interface AssignStatement extends Range {
  readonly kind: "assign";
  readonly targets: readonly Expression[];
  readonly values: readonly Expression[];
}

/** An expression as a statement: a call, unless the source has errors. */
export interface CallStatement extends Range {
  readonly kind: "call-statement";
  readonly call: Expression;
}

/** `do … end`. */
export interface DoStatement extends Range {
  readonly kind: "do";
  readonly block: Block;
}

/** `while condition do … end`. */
export interface WhileStatement extends Range {
  readonly kind: "while";
  readonly condition: Expression;
  readonly block: Block;
}

/** `repeat … until condition`. */
export interface RepeatStatement extends Range {
  readonly kind: "repeat";
  readonly block: Block;
  readonly condition: Expression;
}

/** `if … elseif … else … end`. */
export interface IfStatement extends Range {
  readonly kind: "if";
  readonly branches: readonly { readonly condition: Expression; readonly block: Block }[];
  readonly otherwise: Block | undefined;
}

/** `for i = from, to, step do … end`. */
export interface NumericForStatement extends Range {
  readonly kind: "numeric-for";
  readonly binding: Binding;
  readonly from: Expression;
  readonly to: Expression;
  readonly step: Expression | undefined;
  readonly block: Block;
}

/** `for a, b in … do … end`. */
export interface GenericForStatement extends Range {
  readonly kind: "generic-for";
  readonly bindings: readonly Binding[];
  readonly values: readonly Expression[];
  readonly block: Block;
}

/** `function a.b.c:method …`; also a declared function without block. */
export interface FunctionStatement extends Range {
  readonly kind: "function-statement";
  readonly path: readonly Identifier[];
  readonly method: Identifier | undefined;
  readonly body: FunctionBody;
}

/** `local function name …`. */
export interface LocalFunctionStatement extends Range {
  readonly kind: "local-function";
  readonly name: Identifier;
  readonly body: FunctionBody;
}

/** `return …`. */
export interface ReturnStatement extends Range {
  readonly kind: "return";
  readonly values: readonly Expression[];
}

/** `break`. */
export interface BreakStatement extends Range {
  readonly kind: "break";
}

/** `goto label` or `::label::`. */
export interface LabelStatement extends Range {
  readonly kind: "goto" | "label";
  readonly label: Identifier;
}

/** `type Name<…> = …`; the name has several parts in declaration files only. */
export interface TypeStatement extends Range {
  readonly kind: "type";
  readonly name: Identifier;
  readonly typeParams: readonly TypeParam[];
  readonly type: TypeNode;
}

/** `path.name: type`, in declaration files only. */
export interface DeclareStatement extends Range {
  readonly kind: "declare";
  readonly path: readonly Identifier[];
  readonly type: TypeNode;
}

/** Any statement. */
export type Statement =
  | LocalStatement
  | AssignStatement
  | CallStatement
  | DoStatement
  | WhileStatement
  | RepeatStatement
  | IfStatement
  | NumericForStatement
  | GenericForStatement
  | FunctionStatement
  | LocalFunctionStatement
  | ReturnStatement
  | BreakStatement
  | LabelStatement
  | TypeStatement
  | DeclareStatement;
