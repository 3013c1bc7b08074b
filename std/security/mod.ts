/** The `security` module: the identity that code runs under, policies, scopes and tokens. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, plainMap } from "../../src/lua/mod.ts";
import { TokenStoreResource } from "../../src/ports/mod.ts";
import { ArgumentError, type LuaValue } from "../../src/vm/mod.ts";
import { actorObject, demandScope, optionalMap, policyObject, scopeObject } from "./objects.ts";
import { tokenStoreObject } from "./token_object.ts";
import types from "./security.d.lua" with { type: "text" };

function internal(message: string): Failure {
  return new Failure("Internal", message, { retryable: false });
}

/** Whether the caller's own actor and scope allow it; without either nothing is. */
function can(call: Call): boolean {
  const { actor, scope } = call.process.frame;
  const action = call.string(1);
  const resource = call.string(2);
  const attributes = optionalMap(call, 3, "meta");
  if (actor === null || scope === null) return false;
  return call.allowed(action, resource, attributes);
}

function newActor(call: Call): LuaValue {
  const id = call.string(1);
  const meta = call.count < 2 || call.type(2) === "nil" ? {} : plainMap(call.value(2));
  if (meta === undefined) throw new ArgumentError(2, "table with text keys", call.type(2));
  call.demand("security.actor.create", id, `not allowed to create actor: ${id}`, {
    kind: "Invalid",
    raise: true,
  });
  return call.create(actorObject, { id, meta });
}

function newScope(call: Call): LuaValue {
  const given = call.count < 1 || call.type(1) === "nil" ? [] : call.value(1);
  if (!Array.isArray(given)) throw new ArgumentError(1, "list of policies", call.type(1));
  const ids = given.map((item) => {
    const policy = call.unwrap(item, policyObject);
    if (policy === undefined) {
      throw new ArgumentError(1, "list of policies expected, got something else in it");
    }
    return policy.id;
  });
  demandScope(call, "custom");
  return call.create(scopeObject, call.services.security.scopeOf(ids));
}

function policy(call: Call): LuaValue {
  const id = call.string(1);
  call.demand("security.policy.get", id, "permission denied: access policy", { kind: "Invalid" });
  const found = call.services.security.policy(id);
  if (found === undefined) throw internal(`policy not found: ${id}`);
  return call.create(policyObject, { id, policy: found });
}

function namedScope(call: Call): LuaValue {
  const id = call.string(1);
  call.demand("security.policy_group.get", id, "permission denied: access policy group", { kind: "Invalid" });
  const { security } = call.services;
  const members = security.group(id);
  if (members === undefined) throw internal(`policy group not found: ${id}`);
  return call.create(scopeObject, security.scopeOf(members));
}

function tokenStore(call: Call): LuaValue {
  const id = call.string(1);
  if (id === "") throw new Failure("Invalid", "token store id is required", { retryable: false });
  const message = `not allowed to access token store: ${id}`;
  call.demand("security.token_store.get", id, message, { kind: "Invalid", raise: true });
  const store = call.services.resources.find(TokenStoreResource, id);
  if (store === undefined) throw internal(`token store not found: ${id}`);
  return call.create(tokenStoreObject, { id, store, closed: false });
}

export default defineModule({
  name: "security",
  types,
  classes: ["security", "nondeterministic"],
  numbers: { "TokenStore:validate": 130, "TokenStore:create": 131, "TokenStore:revoke": 132 },
  functions: {
    actor: (call) => {
      const { actor } = call.process.frame;
      return actor === null ? null : call.create(actorObject, actor);
    },
    scope: (call) => {
      const { scope } = call.process.frame;
      return scope === null ? null : call.create(scopeObject, scope);
    },
    can,
    new_actor: newActor,
    new_scope: newScope,
    policy,
    named_scope: namedScope,
    token_store: tokenStore,
  },
  objects: [actorObject as never, policyObject as never, scopeObject as never, tokenStoreObject as never],
});
