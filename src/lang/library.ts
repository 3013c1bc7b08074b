/**
 * Declaration files (`*.d.lua`) to types.
 */
import BASE from "./base.d.lua" with { type: "text" };
import { type CheckEnvironment, Lowering, type ModuleType } from "./lower.ts";
import { parse } from "./parser.ts";
import { resolve } from "./scope.ts";
import type * as S from "./syntax.ts";
import { type FieldType, LIBRARY_NIL, PRIMITIVES, tableOf, type Type, type TypeDefinition } from "./types.ts";

/** Declarations of what every source sees. */
export const BASE_LIBRARY: string = BASE;

/** What declaration files declare. */
export interface Library {
  /** Global variables, or modules by name. */
  readonly values: ReadonlyMap<string, Type>;
  /** Types by full name. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
}

/** What stands before a method's parameters. */
const SELF = { name: "self", type: PRIMITIVES.any, isOptional: false };

/** A table being filled. */
interface Draft {
  type: Type | undefined;
  readonly fields: Map<string, Draft>;
}

/**
 * Reads declaration files, which may refer to each other's types. Mistakes in them are dropped: the files are ours, and a
 * test reads each of them strictly through `onProblem`.
 */
export function readLibrary(
  sources: readonly string[],
  onProblem: (problem: unknown) => void = () => {},
): Library {
  const types = new Map<string, TypeDefinition>(sources[0] === BASE ? [] : readBase().types);
  const environment: CheckEnvironment = { globals: new Map(), types, imports: new Map() };
  const root: Draft = { type: undefined, fields: new Map() };
  const files = sources.map((source) => {
    const parsed = parse(source, { isDeclaration: true });
    parsed.diagnostics.forEach(onProblem);
    const resolution = resolve(parsed);
    const report = (_range: S.Range, problem: unknown) => onProblem(problem);
    const lowering = new Lowering(resolution, environment, report, LIBRARY_NIL);
    for (const variable of resolution.variables) {
      if (variable.statement !== undefined) {
        types.set(variable.name, withPaths(lowering.definition(variable)));
      }
    }
    return { parsed, lowering };
  });
  for (const { parsed, lowering } of files) {
    for (const statement of parsed.block.statements) {
      if (statement.kind === "function-statement") {
        const type = lowering.body(statement.body);
        const { path, method } = statement;
        const whole = method === undefined ? path : [...path, method];
        const params = method === undefined ? type.params : [SELF, ...type.params];
        place(root, whole).type = { ...type, params, path: whole.map(({ name }) => name).join(".") };
      } else if (statement.kind === "declare") {
        place(root, statement.path).type = lowering.type(statement.type);
      }
    }
  }
  const values = new Map<string, Type>();
  for (const [name, draft] of root.fields) values.set(name, finish(draft));
  return { values, types };
}

/** A declared type whose functions know their full names. */
function withPaths(definition: TypeDefinition): TypeDefinition {
  let named: Type | undefined;
  return {
    ...definition,
    body() {
      if (named !== undefined) return named;
      const body = definition.body();
      if (body.kind !== "table") return named = body;
      const fields = new Map<string, FieldType>();
      for (const [name, field] of body.fields) {
        const { type } = field;
        const path = `${definition.name}.${name}`;
        fields.set(name, type.kind === "function" ? { ...field, type: { ...type, path } } : field);
      }
      return named = { ...body, fields };
    },
  };
}

function place(root: Draft, path: readonly S.Identifier[]): Draft {
  let draft = root;
  for (const { name } of path) {
    let next = draft.fields.get(name);
    if (next === undefined) draft.fields.set(name, next = { type: undefined, fields: new Map() });
    draft = next;
  }
  return draft;
}

function finish(draft: Draft): Type {
  if (draft.type !== undefined) return draft.type;
  const fields = new Map<string, FieldType>();
  for (const [name, field] of draft.fields) {
    fields.set(name, { type: finish(field), isOptional: false, isReadonly: true });
  }
  return tableOf({ fields });
}

/** What one source is granted beside the base library. */
export interface Grants {
  /** Built-in modules by the name under which the source sees them. */
  readonly modules: ReadonlyMap<string, string>;
  /** Imported sources by alias. */
  readonly imports: ReadonlyMap<string, ModuleType>;
}

/** What a source sees: the base library, its modules and its imports. `library` holds all modules' declarations. */
export function environmentOf(library: Library, grants: Grants): CheckEnvironment {
  const base = readBase();
  const globals = new Map(base.values);
  for (const [alias, name] of grants.modules) {
    const value = library.values.get(name);
    globals.set(alias, value ?? PRIMITIVES.any);
  }
  for (const { value } of grants.imports.values()) lend(globals, value);
  return { globals, types: library.types, imports: grants.imports };
}

/** The field of a library whose own fields are globals of functions that are given to it. */
const LENT_GLOBALS = "lent_globals";

function lend(globals: Map<string, Type>, library: Type): void {
  const lent = library.kind === "table" ? library.fields.get(LENT_GLOBALS)?.type : undefined;
  if (lent?.kind !== "table") return;
  for (const [name, { type }] of lent.fields) globals.set(name, type);
}

/** The base library, read on first use; it never changes. */
const BASE_READ: { library?: Library } = {};

function readBase(): Library {
  return BASE_READ.library ??= readLibrary([BASE]);
}
