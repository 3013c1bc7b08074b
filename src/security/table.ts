/**
 * The policies and groups of an application.
 *
 * S1. A scope names policies; what they say is looked up at each access. So a changed policy acts at once, also on
 *     processes that run and on tokens that were handed out, and a removed one says nothing.
 * S2. A group is what its policies declare; reading it gives the members of that moment.
 */
import type { Access, Actor, Scope, SecurityDirectory, Verdict } from "../ports/mod.ts";

/** Policies and groups by id. */
export class SecurityTable implements SecurityDirectory {
  readonly #policies = new Map<string, Scope>();
  readonly #groups = new Map<string, Set<string>>();
  readonly #groupsOf = new Map<string, readonly string[]>();
  #generation = 0;

  /** Changes whenever a policy does. */
  get generation(): number {
    return this.#generation;
  }

  policy(id: string): Scope | undefined {
    return this.#policies.get(id);
  }

  group(id: string): readonly string[] | undefined {
    const members = this.#groups.get(id);
    return members === undefined ? undefined : [...members];
  }

  scope(policies: readonly string[], groups: readonly string[]): Scope | null {
    const known = policies.filter((id) => this.#policies.has(id));
    const joined = groups.flatMap((id) => [...this.#groups.get(id) ?? []]);
    return known.length + joined.length === 0 ? null : this.scopeOf([...known, ...joined]);
  }

  scopeOf(policies: readonly string[]): Scope {
    return new PolicySet(this, [...new Set(policies)]);
  }

  register(id: string, policy: Scope, groups: readonly string[]): void {
    this.unregister(id);
    this.#policies.set(id, policy);
    this.#groupsOf.set(id, groups);
    for (const group of groups) {
      const members = this.#groups.get(group);
      if (members === undefined) this.#groups.set(group, new Set([id]));
      else members.add(id);
    }
    this.#generation++;
  }

  unregister(id: string): void {
    if (!this.#policies.delete(id)) return;
    for (const group of this.#groupsOf.get(id) ?? []) {
      const members = this.#groups.get(group)!;
      members.delete(id);
      if (members.size === 0) this.#groups.delete(group);
    }
    this.#groupsOf.delete(id);
    this.#generation++;
  }
}

/** A set of policies by id. */
class PolicySet implements Scope {
  readonly policies: readonly string[];
  readonly #table: SecurityTable;
  #generation = -1;
  #resolved: readonly Scope[] = [];

  constructor(table: SecurityTable, policies: readonly string[]) {
    this.#table = table;
    this.policies = policies;
  }

  evaluate(actor: Actor, access: Access): Verdict {
    if (this.#generation !== this.#table.generation) {
      this.#resolved = this.policies.map((id) => this.#table.policy(id)).filter((policy) =>
        policy !== undefined
      );
      this.#generation = this.#table.generation;
    }
    let verdict: Verdict = "undefined";
    for (const policy of this.#resolved) {
      const said = policy.evaluate(actor, access);
      if (said === "deny") return "deny";
      if (said === "allow") verdict = "allow";
    }
    return verdict;
  }
}
