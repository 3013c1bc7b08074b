/**
 * The state of a check: the flow, what has been reported, and the keys of references.
 *
 * Code that no run reaches is not reported on; asking for a type reports nothing.
 */
import { nearestName } from "../core/mod.ts";
import { type Diagnostic, type RelatedPlace, TYPE_CODES, type TypeProblem } from "./diagnostic.ts";
import { Flow, Keys } from "./flow.ts";
import { type CheckEnvironment, Lowering } from "./lower.ts";
import type { NarrowHost } from "./narrow.ts";
import type { ParsedSource } from "./parser.ts";
import { printType } from "./print_type.ts";
import { fits, mismatch } from "./relate.ts";
import type { Resolution, Variable } from "./resolution.ts";
import type * as S from "./syntax.ts";
import {
  asGivenToLibrary,
  type Declared,
  expand,
  filter,
  type FunctionType,
  is,
  LIBRARY_NIL,
  membersOf,
  PRIMITIVES,
  type Type,
  type TypeDefinition,
  widen,
} from "./types.ts";

const { any: ANY } = PRIMITIVES;

/** The name that was meant; short ones are too much like each other to guess. */
export function meantName(name: string, known: Iterable<string>): string | undefined {
  return name.length < 3 ? undefined : nearestName(name, known);
}

/** Longest reference that is followed: beyond it nothing is known but the declarations. */
const KEY_PARTS_MAX = 32;

const NO_NOTES = (): Notes => ({});

/** What a diagnostic says beside its problem. */
export type Notes = Pick<Diagnostic, "related" | "help" | "fix">;

/** What a check found out about each place of a source, for those who show it. */
export interface TypeFacts {
  /** First values of expressions; of code that is never reached too, as far as it is known. */
  readonly expressions: Map<S.Expression, Type>;
  /** Fields and methods by the name where it is written. */
  readonly fields: Map<S.Range, { readonly owner: Type; readonly type: Type }>;
  /** Variables: declared, else inferred from what they start with. */
  readonly variables: Map<Variable, Type>;
  /** Declared types by the name where it is used. */
  readonly names: Map<S.NameType, Type>;
}

/** What every part of the checker works on. */
export abstract class InferenceState implements NarrowHost {
  readonly diagnostics: Diagnostic[] = [];
  protected readonly parsed: ParsedSource;
  protected readonly resolution: Resolution;
  protected readonly environment: CheckEnvironment;
  protected readonly lowering: Lowering;
  protected readonly keys = new Keys();
  /** Whether the source has types of its own: only then a possible nil is its author's to rule out. */
  protected readonly isTyped: boolean;
  /** What is known here; undefined where no run gets. */
  protected flow: Flow | undefined = Flow.EMPTY;
  /** Types of variables: declared, else inferred from what they start with. */
  protected readonly declared: Map<Variable, Type>;
  protected readonly facts: TypeFacts | undefined;
  /** Field names that some statement assigns: tables without a type may hold anything there. */
  protected readonly assignedFields: ReadonlySet<string>;
  /** Results of the function around, and of `...`. */
  protected varargs: Type | undefined = ANY;
  readonly #reported = new Set<string>();
  /** Whether what is checked is handed to a function of a library. */
  protected isForLibrary = false;
  #silent = 0;
  #problems = 0;

  constructor(
    parsed: ParsedSource,
    resolution: Resolution,
    environment: CheckEnvironment,
    facts: TypeFacts | undefined,
  ) {
    this.facts = facts;
    this.declared = facts?.variables ?? new Map();
    this.parsed = parsed;
    this.resolution = resolution;
    this.environment = environment;
    this.lowering = new Lowering(resolution, environment, (range, problem) => this.report(range, problem));
    if (facts !== undefined) this.lowering.onNamed = (node, type) => facts.names.set(node, type);
    this.lowering.typeOf = (expression) => this.quietly(() => widen(this.infer(expression)));
    this.isTyped = parsed.erasures.length > 0 || parsed.typeStatements.length > 0;
    this.assignedFields = resolution.assignedFields;
  }

  /** Checks a function's body where it is written; `isAsked` says that its place asks for these results. */
  protected abstract functionBody(body: S.FunctionBody, type: FunctionType, isAsked?: boolean): void;

  /** Reports a problem, unless only a type is being asked for or the place is never reached. */
  protected report(range: S.Range, problem: TypeProblem, notes: () => Notes = NO_NOTES): void {
    if (this.flow === undefined) return;
    this.#problems++;
    if (this.#silent > 0) return;
    const code = TYPE_CODES[problem.kind];
    const place = `${range.start} ${code}`;
    if (this.#reported.has(place)) return;
    this.#reported.add(place);
    const { start, end } = range;
    this.diagnostics.push({ code, severity: "error", start, end, problem, ...notes() });
  }

  /** A note about a declaration; none when it stands in another source. */
  protected relate(declared: Declared | undefined, message: string): readonly RelatedPlace[] | undefined {
    if (declared?.origin !== this.resolution) return undefined;
    return [{ start: declared.start, end: declared.end, message }];
  }

  /** Whether only a type is being asked for. */
  protected get isSilent(): boolean {
    return this.#silent > 0;
  }

  protected quietly<R>(run: () => R): R {
    this.#silent++;
    try {
      return run();
    } finally {
      this.#silent--;
    }
  }

  /** Runs without reporting; whether nothing would have been reported. */
  protected holds(run: () => void): boolean {
    const before = this.#problems;
    this.quietly(run);
    return this.#problems === before;
  }

  keyOf(expression: S.Expression): string | undefined {
    let fields = "";
    let current = expression;
    for (let parts = 0; parts < KEY_PARTS_MAX; parts++) {
      switch (current.kind) {
        case "name": {
          const variable = this.resolution.values.get(current);
          return (variable === undefined ? `g:${current.name}` : this.keys.of(variable)) + fields;
        }
        case "member":
          fields = `.${current.name.name}${fields}`;
          current = current.object;
          break;
        case "index":
          // A name with a dot would be taken for a field of a field.
          if (current.key.kind !== "string" || current.key.value.includes(".")) return undefined;
          fields = `.${current.key.value}${fields}`;
          current = current.object;
          break;
        case "paren":
        case "non-nil":
          current = current.inner;
          break;
        default:
          return undefined;
      }
    }
    return undefined;
  }

  typeIn(expression: S.Expression, flow: Flow): Type {
    return this.within(flow, () => this.quietly(() => this.infer(expression)));
  }

  declaredAt(key: string, flow: Flow): Type {
    const known = flow.type(key);
    const variable = this.keys.variable(key);
    const declared = variable && this.declared.get(variable);
    if (declared === undefined) return known ?? ANY;
    return known === undefined || is(expand(known), "nil") ? declared : known;
  }

  definitionOf(expression: S.Expression): TypeDefinition | undefined {
    const type = this.quietly(() => this.infer(expression));
    return this.typeBehind(type);
  }

  protected within<R>(flow: Flow | undefined, run: () => R): R {
    const outer = this.flow;
    this.flow = flow;
    try {
      return run();
    } finally {
      this.flow = outer;
    }
  }

  /** Reports when a value of type `from` may not stand where `to` is asked for. */
  protected demand(from: Type, to: Type, at: S.Range, notes: () => Notes = NO_NOTES): void {
    const own = this.isTyped ? from : filter(from, (member) => !is(expand(member), "nil"));
    const given = this.isForLibrary ? asGivenToLibrary(own) : own;
    const reason = mismatch(is(expand(given), "never") ? from : given, to);
    if (reason === undefined) return;
    this.report(at, {
      kind: "mismatch",
      from: printType(
        fits(widen(from), to) || membersOf(to).some((member) => expand(member).kind === "literal")
          ? from
          : widen(from),
      ),
      to: printType(to),
      missing: reason.missing,
      field: reason.field,
    }, notes);
  }

  /** The type without nil; reports when nil is possible. */
  protected present(type: Type, at: S.Range): Type {
    const inner = expand(type);
    if (is(inner, "nil")) {
      if (this.flow !== undefined) {
        this.report(at, { kind: "maybe-nil", what: this.textOf(at), isAlways: true });
      }
      return ANY;
    }
    if (inner.kind !== "union" || !membersOf(type).some((member) => is(expand(member), "nil"))) return type;
    const isOwn = membersOf(type).some((member) => is(expand(member), "nil") && member !== LIBRARY_NIL);
    if (this.isTyped && isOwn) {
      const what = this.textOf(at);
      this.report(at, { kind: "maybe-nil", what, isAlways: false }, () => {
        const name = /^'([\w.]+)'$/.exec(what)?.[1];
        return name === undefined ? {} : {
          help: `help: test it first (if ${name} then ... end), or write (${name}!) where it can't be nil`,
        };
      });
    }
    return filter(type, (member) => !is(expand(member), "nil"));
  }

  protected textOf(range: S.Range): string {
    const text = this.parsed.source.slice(range.start, range.end).replace(/\s+/g, " ");
    return text.length <= 40 ? `'${text}'` : "the value";
  }

  /** The first value of an expression; `expected` helps functions and tables. */
  abstract infer(expression: S.Expression, expected?: Type): Type;

  /** The declared type behind a type value. */
  protected abstract typeBehind(type: Type): TypeDefinition | undefined;
}
