/**
 * What is known about the names of a source; `scope.ts` finds it out.
 */
import type * as S from "./syntax.ts";

/** How a variable came to be. */
export type VariableKind =
  | "local"
  | "param"
  | "vararg"
  | "self"
  | "loop"
  | "function"
  | "type"
  | "type-param";

/** A name with one meaning, and where it is used. */
export interface Variable {
  readonly name: string;
  readonly kind: VariableKind;
  /** The name where it is declared; empty range for `self`. */
  readonly start: number;
  readonly end: number;
  /** The type declaration, for types. */
  readonly statement: S.TypeStatement | undefined;
  /** The variable of the same name that this one hides. */
  readonly shadows: Variable | undefined;
  /** What a local is first set to, when it is the only or the matching value. */
  readonly initial: S.Expression | undefined;
  /** The declared type. */
  readonly type: S.TypeNode | undefined;
  /** The body of a local function. */
  readonly body: S.FunctionBody | undefined;
  /** `<const>` or `<close>`. */
  readonly isConstant: boolean;
  /** `<close>`: used by going out of scope. */
  readonly isClosed: boolean;
  /** Number of the scope that it is declared in. */
  readonly scope: number;
  /** Functions around the declaration. */
  readonly functionDepth: number;
  /** Whether an inner function assigns it: then its value may change with any call. */
  isCaptured: boolean;
  /** Uses as a value. */
  readonly reads: S.Range[];
  readonly writes: S.Range[];
  /** Uses inside types. */
  readonly typeUses: S.Range[];
}

/** All names of a source. */
export interface Resolution {
  /** In order of declaration. */
  readonly variables: readonly Variable[];
  /** Meaning of each variable expression; absent for globals. */
  readonly values: ReadonlyMap<S.NameExpression, Variable>;
  /** Meaning of the first name of each named type; absent for built-in names. */
  readonly types: ReadonlyMap<S.NameType, Variable>;
  readonly globalReads: readonly S.NameExpression[];
  /** Global `string` where it is but the library: `string.format`. */
  readonly libraryReads: ReadonlySet<S.NameExpression>;
  /** Calls of the built-in `typeof` with one argument. */
  readonly typeofCalls: readonly S.CallExpression[];
  /** Those of them that stand alone as statements and do nothing. */
  readonly typeofStatements: ReadonlySet<S.Expression>;
  /** Where fields and elements are assigned. */
  readonly fieldWrites: readonly number[];
  /** The local variable that the name of a function statement begins with. */
  readonly pathRoots: ReadonlyMap<S.FunctionStatement, Variable>;
  /** Names of fields that some statement assigns or defines. */
  readonly assignedFields: ReadonlySet<string>;
  readonly globalWrites: readonly (S.NameExpression | S.Identifier)[];
}
