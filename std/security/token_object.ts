/** The `security.TokenStore` class: tokens as Lua uses them. */
import { Failure, parseDurationNs } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition, plainMap } from "../../src/lua/mod.ts";
import type { TokenStore } from "../../src/ports/mod.ts";
import { type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { actorArgument, actorObject, optionalMap, scopeArgument, scopeObject } from "./objects.ts";

/** A token store that a process acquired. */
export interface TokenStoreHandle {
  readonly id: string;
  readonly store: TokenStore;
  closed: boolean;
}

/** The open store of a method call, after the permission check. */
function openStore(call: Call, operation: "create" | "validate" | "revoke"): TokenStore {
  const handle = call.self(tokenStoreObject);
  if (handle.closed) throw new Failure("Internal", "token store is closed", { retryable: false });
  call.demand(`security.token.${operation}`, handle.id, `not allowed to ${operation} token`, {
    kind: "Invalid",
  });
  return handle.store;
}

/** Milliseconds of the `expiration` option: a duration text, or milliseconds. */
function lifetimeMs(expiration: unknown): number | undefined {
  if (expiration === undefined || expiration === null) return undefined;
  const ns = typeof expiration === "string" ? parseDurationNs(expiration) : undefined;
  const ms = typeof expiration === "number" ? expiration : ns === undefined ? NaN : ns / 1e6;
  if (!(ms > 0) || ms === Infinity) {
    throw new Failure("Invalid", "invalid expiration format", { retryable: false });
  }
  return ms;
}

function create(call: Call): Promise<NativeResult> {
  const store = openStore(call, "create");
  const actor = actorArgument(call, 2);
  const scope = scopeArgument(call, 3);
  const options = optionalMap(call, 4, "options");
  const meta = plainMap(options["meta"] as LuaValue ?? {}) ?? {};
  return store.create({ actor, scope, meta }, lifetimeMs(options["expiration"]));
}

function validate(call: Call): Promise<NativeResult> | NativeResult {
  const refused = (error: unknown): NativeResult => {
    if (!(error instanceof Failure)) throw error;
    return new Values([null, null, call.error(error)]);
  };
  const token = call.string(2);
  try {
    return openStore(call, "validate").validate(token).then(
      ({ actor, scope }) => new Values([call.create(actorObject, actor), call.create(scopeObject, scope)]),
      refused,
    );
  } catch (error) {
    return refused(error);
  }
}

/** A store of authentication tokens. */
export const tokenStoreObject: ObjectDefinition<TokenStoreHandle> = defineObject<TokenStoreHandle>({
  name: "security.TokenStore",
  methods: {
    close: (call) => {
      call.self(tokenStoreObject).closed = true;
      return true;
    },
  },
  commands: {
    create,
    validate,
    revoke: (call) => openStore(call, "revoke").revoke(call.string(2)),
  },
});
