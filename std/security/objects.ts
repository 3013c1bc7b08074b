/** The classes of userdata that other modules take as arguments: who acts, and under which policies. */
import type { Value } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { Actor, Scope } from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue } from "../../src/vm/mod.ts";
import { tableArgument } from "../process/arguments.ts";

/** A policy as Lua holds it. */
export interface PolicyHandle {
  readonly id: string;
  readonly policy: Scope;
}

/** The actor at argument `i`; anything else is an argument error. */
export function actorArgument(call: Call, i: number): Actor {
  const actor = call.object(i, actorObject);
  if (actor === undefined) throw new ArgumentError(i, "security.Actor", call.type(i));
  return actor;
}

/** The scope at argument `i`; anything else is an argument error. */
export function scopeArgument(call: Call, i: number): Scope {
  const scope = call.object(i, scopeObject);
  if (scope === undefined) throw new ArgumentError(i, "security.Scope", call.type(i));
  return scope;
}

/** The optional table at argument `i` as a map. */
export function optionalMap(call: Call, i: number, what: string): Record<string, Value> {
  if (call.count < i || call.type(i) === "nil") return {};
  return tableArgument(call, i, what) as Record<string, Value>;
}

/** `evaluate(actor, action, resource, meta?)` of policies and scopes. */
function evaluate(call: Call, rules: Scope): string {
  const actor = actorArgument(call, 2);
  const access = {
    action: call.string(3),
    resource: call.string(4),
    attributes: optionalMap(call, 5, "meta"),
  };
  return rules.evaluate(actor, access);
}

/** Refuses what needs the right to make scopes. */
export function demandScope(call: Call, what: "custom" | "with" | "without"): void {
  call.demand("security.scope.create", what, `not allowed to create scope: ${what}`, {
    kind: "Invalid",
    raise: true,
  });
}

/** An identity. */
export const actorObject: ObjectDefinition<Actor> = defineObject<Actor>({
  name: "security.Actor",
  methods: {
    id: (call) => call.self(actorObject).id,
    meta: (call) => call.self(actorObject).meta as LuaValue,
  },
});

/** One policy. */
export const policyObject: ObjectDefinition<PolicyHandle> = defineObject<PolicyHandle>({
  name: "security.Policy",
  methods: {
    id: (call) => call.self(policyObject).id,
    evaluate: (call) => evaluate(call, call.self(policyObject).policy),
  },
});

/** An immutable set of policies. */
export const scopeObject: ObjectDefinition<Scope> = defineObject<Scope>({
  name: "security.Scope",
  methods: {
    with: (call) => {
      const scope = call.self(scopeObject);
      const added = call.object(2, policyObject);
      if (added === undefined) throw new ArgumentError(2, "security.Policy", call.type(2));
      demandScope(call, "with");
      return call.create(scopeObject, call.services.security.scopeOf([...scope.policies, added.id]));
    },
    without: (call) => {
      const scope = call.self(scopeObject);
      const removed = call.string(2);
      demandScope(call, "without");
      return call.create(
        scopeObject,
        call.services.security.scopeOf(scope.policies.filter((id) => id !== removed)),
      );
    },
    contains: (call) => call.self(scopeObject).policies.includes(call.string(2)),
    policies: (call) => {
      const found: LuaValue[] = [];
      for (const id of call.self(scopeObject).policies) {
        const policy = call.services.security.policy(id);
        if (policy !== undefined) found.push(call.create(policyObject, { id, policy }));
      }
      return found;
    },
    evaluate: (call) => evaluate(call, call.self(scopeObject)),
  },
});
