/** Policies: what they are about (actions, resources), when they apply, and what they then say. */
import type { Access, Actor, Scope, Verdict } from "../ports/mod.ts";
import type { Condition } from "./condition.ts";
import { compilePatterns, type Matcher } from "./pattern.ts";

/** What a policy is made of. */
export interface PolicyParts {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly effect: "allow" | "deny";
  /** Whether it applies to an access to which actions and resources fit. Must not throw. */
  readonly applies: Condition;
}

/** One policy, which is also a scope of one. */
export class Policy implements Scope {
  readonly policies: readonly string[];
  readonly #actions: Matcher;
  readonly #resources: Matcher;
  readonly #effect: "allow" | "deny";
  readonly #applies: Condition;

  constructor(id: string, parts: PolicyParts) {
    this.policies = [id];
    this.#actions = compilePatterns(parts.actions);
    this.#resources = compilePatterns(parts.resources);
    this.#effect = parts.effect;
    this.#applies = parts.applies;
  }

  evaluate(actor: Actor, access: Access): Verdict {
    if (!this.#actions(access.action) || !this.#resources(access.resource)) return "undefined";
    return this.#applies(actor, access) ? this.#effect : "undefined";
  }
}

/** A condition that holds when all of `conditions` do. */
export function allOf(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return () => true;
  return (actor, access) => conditions.every((holds) => holds(actor, access));
}
