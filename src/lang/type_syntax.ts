/**
 * The types of the syntax tree.
 */
import type { Expression, Identifier, Range } from "./syntax.ts";

/** `T` or `T: Bound` in a list of type parameters. */
export interface TypeParam extends Identifier {
  readonly bound: TypeNode | undefined;
}

/** A named type: primitive, alias, parameter, or `module.Name`; with arguments when generic. */
export interface NameType extends Range {
  readonly kind: "type-name";
  readonly path: readonly Identifier[];
  readonly arguments: readonly TypeNode[];
}

/** A literal as type. */
export interface LiteralType extends Range {
  readonly kind: "type-literal";
  readonly value: string | number | boolean;
}

/** `T?`. */
export interface OptionalType extends Range {
  readonly kind: "type-optional";
  readonly inner: TypeNode;
}

/** `A | B` or `A & B`. */
export interface CompoundType extends Range {
  readonly kind: "type-union" | "type-intersection";
  readonly members: readonly TypeNode[];
}

/** `{name: T, …}`, also with an indexer `[K]: V` beside named fields; `{}` has none. */
export interface RecordType extends Range {
  readonly kind: "type-record";
  readonly fields: readonly RecordField[];
  readonly indexer: { readonly key: TypeNode; readonly value: TypeNode } | undefined;
}

/** A field of a record type. */
export interface RecordField extends Identifier {
  readonly isOptional: boolean;
  readonly isReadonly: boolean;
  readonly type: TypeNode;
}

/** `{T}`. */
export interface ArrayType extends Range {
  readonly kind: "type-array";
  readonly element: TypeNode;
}

/** `{[K]: V}`. */
export interface MapType extends Range {
  readonly kind: "type-map";
  readonly key: TypeNode;
  readonly value: TypeNode;
}

/** `<T>(a: A, ...: B) -> R`. */
export interface FunctionType extends Range {
  readonly kind: "type-function";
  readonly typeParams: readonly TypeParam[];
  readonly params: readonly FunctionTypeParam[];
  readonly vararg: TypeNode | undefined;
  readonly returns: ResultTypes;
}

/** A parameter of a function type. */
export interface FunctionTypeParam extends Range {
  readonly name: string | undefined;
  readonly isOptional: boolean;
  readonly type: TypeNode;
}

/** What a function gives: `T`, `(T, U)`, `(T, ...: U)` or `()`. */
export interface ResultTypes extends Range {
  readonly types: readonly TypeNode[];
  readonly vararg: TypeNode | undefined;
}

/** `typeof(expression)`: the declared type of the expression. */
export interface TypeofType extends Range {
  readonly kind: "type-typeof";
  readonly expression: Expression;
}

/** `readonly T`. No effect at run time. */
export interface ReadonlyType extends Range {
  readonly kind: "type-readonly";
  readonly inner: TypeNode;
}

/** `T @name(arguments) …`. */
export interface AnnotatedType extends Range {
  readonly kind: "type-annotated";
  readonly inner: TypeNode;
  readonly annotations: readonly Annotation[];
}

/** `@name(arguments)`. */
export interface Annotation extends Identifier {
  readonly arguments: readonly Expression[];
}

/** A hole where a type should be. */
export interface MissingType extends Range {
  readonly kind: "type-missing";
}

/** Any type. */
export type TypeNode =
  | NameType
  | LiteralType
  | OptionalType
  | CompoundType
  | RecordType
  | ArrayType
  | MapType
  | FunctionType
  | TypeofType
  | ReadonlyType
  | AnnotatedType
  | MissingType;
