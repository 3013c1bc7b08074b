/** Who acts and what is allowed. */
import type { Value } from "../core/mod.ts";

/** The identity code runs under. */
export interface Actor {
  readonly id: string;
  readonly meta: Record<string, Value>;
}

/** One access to judge. */
export interface Access {
  readonly action: string;
  readonly resource: string;
  readonly attributes: Record<string, Value>;
}

/** Verdict of a policy or a scope. */
export type Verdict = "allow" | "deny" | "undefined";

/** A set of policies. Any deny wins, otherwise any allow allows, otherwise undefined. */
export interface Scope {
  evaluate(actor: Actor, access: Access): Verdict;
  /** Ids of the policies in it. */
  readonly policies: readonly string[];
}

/** Policies and groups by id. Unknown ids are skipped. */
export interface SecurityDirectory {
  policy(id: string): Scope | undefined;
  /** Ids of the policies in a group. */
  group(id: string): readonly string[] | undefined;
  /** A scope of these policies and groups; null when none resolves. */
  scope(policies: readonly string[], groups: readonly string[]): Scope | null;
  /** A scope of exactly these policies; unknown ones say nothing. An empty scope allows nothing. */
  scopeOf(policies: readonly string[]): Scope;
  register(id: string, policy: Scope, groups: readonly string[]): void;
  unregister(id: string): void;
}
