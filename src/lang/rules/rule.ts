/**
 * What a lint rule is.
 */
import type { Fix, RelatedPlace, Severity } from "../diagnostic.ts";
import type { CallFact, CallFacts } from "../infer_calls.ts";
import type { ModuleType } from "../lower.ts";
import type { ParsedSource } from "../parser.ts";
import type { Resolution, Variable } from "../resolution.ts";
import type { Expression, Range, Statement } from "../syntax.ts";
import { isTaken } from "./names.ts";

/**
 * The system around a source, as rules may ask about it. Answers are remembered by whoever caches findings: a rule that wants
 * to know something asks for exactly that.
 */
export interface World {
  readonly entryId: string;
  /** Kind of the entry, such as `workflow.lua`. */
  readonly kind: string;
  /** Member of the returned table that is called. */
  readonly method: string;
  /** Modules by the name under which the source sees them. */
  readonly modules: ReadonlyMap<string, string>;
  /** Kind of an entry; undefined when there is none of that id. Ids that the system makes at run time have the kind `*`. */
  kindOf(id: string): string | undefined;
  /** The id that was meant, of an entry whose kind fits. */
  nearest(id: string, kinds: RegExp): string | undefined;
  /** Whether some policy may allow an action; also when there are no policies at all. */
  mayAllow(action: string): boolean;
  /** Whether workflows may use a module. */
  isForWorkflows(module: string): boolean;
  /** Whether workflows may call an entry; also when nothing is known of it. */
  mayBeActivity(id: string): boolean;
  /** What is called where. */
  readonly calls: CallFacts;
  /** What the source gives to those who import it. */
  readonly module: ModuleType;
}

/** What a finding says beside its message. */
export interface RuleNotes {
  readonly related?: readonly RelatedPlace[];
  readonly help?: string;
  readonly fix?: Fix;
}

/** What a rule works with. */
export interface RuleContext {
  readonly parsed: ParsedSource;
  readonly resolution: Resolution;
  /** Absent when a source is looked at on its own; rules of the system then say nothing. */
  readonly world: World | undefined;
  /** Reports a finding; `subject` goes into the rule's message. */
  report(range: Range, subject?: string, notes?: RuleNotes): void;
}

/** A lint rule: one mistake, found in the tree, among the names, or in what is called. */
export interface Rule {
  /** `W0003`. */
  readonly code: string;
  /** `no-self-compare`. */
  readonly name: string;
  readonly severity: Severity;
  /** The words of a finding. */
  readonly message: (subject: string) => string;
  /** What the rule looks at. */
  readonly visit: {
    readonly source?: (context: RuleContext) => void;
    readonly statement?: (statement: Statement, context: RuleContext) => void;
    readonly expression?: (expression: Expression, context: RuleContext) => void;
    readonly variable?: (variable: Variable, context: RuleContext) => void;
    /** Calls of known functions; only where there is a world. */
    readonly call?: (call: Expression, fact: CallFact, context: WorldContext) => void;
  };
}

/** What a rule of the system works with. */
export type WorldContext = RuleContext & { readonly world: World };

/** Gives a rule its type. */
export function defineRule(rule: Rule): Rule {
  return rule;
}

/** A name that says it is not used: `_`, `_rest`. */
export function isIgnored(name: string): boolean {
  return name.startsWith("_");
}

/** Whether a variable is used as a value or in a type. */
export function isUsed(variable: Variable): boolean {
  return variable.reads.length > 0 || variable.typeUses.length > 0;
}

/** Whether a variable holds what `require` gave. */
export function isImport(variable: Variable): boolean {
  const { initial } = variable;
  return initial?.kind === "call" && initial.callee.kind === "name" && initial.callee.name === "require" &&
    initial.arguments[0]?.kind === "string";
}

/** A fix that says of a variable that it is not used on purpose; none when the new name means something already. */
export function prefixFix(variable: Variable, resolution: Resolution): Fix | undefined {
  const name = `_${variable.name}`;
  if (isTaken(name, resolution) || variable.writes.length > 0 || variable.end === variable.start) {
    return undefined;
  }
  const { start } = variable;
  return { title: `rename it to ${name}`, edits: [{ start, end: start, text: "_" }] };
}

/** Arguments of a call; those of a method call begin behind its object. */
export function argumentsOf(call: Expression): readonly Expression[] {
  return call.kind === "call" || call.kind === "method" ? call.arguments : [];
}
