/** Permissions of calls, contracts, groups and events. */
import { test } from "node:test";
import { guardedCalls, type Step } from "./guarded_calls.ts";

const { guards } = guardedCalls();

test(
  "funcs.call guards call and async [security.action.funcs.call]",
  guards(
    { action: "funcs.call", resource: "a:callee", code: `return funcs.call("a:callee")` },
    { action: "funcs.call", resource: "a:callee", code: `return funcs.async("a:callee")` },
    { action: "funcs.call", resource: "a:callee", code: `return funcs.new():call("a:callee")` },
  ),
);

test(
  "executors with context need funcs.context [security.action.funcs.context]",
  guards({ action: "funcs.context", resource: "context", code: `return funcs.new():with_context({})` }),
);

test(
  "executors with another identity need funcs.security [security.action.funcs.security]",
  guards(
    {
      action: "funcs.security",
      resource: "security",
      code: `return funcs.new():with_actor(security.new_actor("x"))`,
    },
    { action: "funcs.security", resource: "security", code: `return funcs.new():with_scope(scope())` },
  ),
);

test(
  "choosing a network needs network.select [security.action.network.select]",
  guards(
    {
      action: "network.select",
      resource: "a:net",
      code: `return funcs.new():with_options({ network = "a:net" })`,
    },
    {
      action: "network.select",
      resource: "a:net",
      raised: true,
      code: `return process.with_options({ network = "a:net" })`,
    },
  ),
);

const group = (call: string): string => `local g = pg.open("a:groups") return g:${call}`;

test(
  "process groups have an action for each method [security.action.pg]",
  guards(
    { action: "pg.open", resource: "a:groups", code: `return pg.open("a:groups")` },
    ...["join", "leave", "get_members", "get_local_members", "monitor"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "team",
      code: group(`${name}("team")`),
    })),
    ...["broadcast", "broadcast_local"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "team",
      code: group(`${name}("team", "topic", 1)`),
    })),
    ...["which_groups", "which_local_groups", "events"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "a:groups",
      code: group(`${name}()`),
    })),
  ),
);

test(
  "contracts have an action for each operation [security.action.contract]",
  guards(
    { action: "contract.get", resource: "a:contract", code: `return contract.get("a:contract")` },
    { action: "contract.open", resource: "a:binding", code: `return contract.open("a:binding")` },
    {
      action: "contract.implementations",
      resource: "a:contract",
      code: `return contract.find_implementations("a:contract")`,
    },
    { action: "contract.call", resource: "run", code: `return contract.open("a:binding"):run()` },
    {
      action: "contract.context",
      resource: "context",
      code: `return contract.get("a:contract"):with_context({})`,
    },
    {
      action: "contract.security",
      resource: "security",
      code: `return contract.get("a:contract"):with_actor(security.new_actor("x"))`,
    },
    {
      action: "contract.security",
      resource: "security",
      code: `return contract.get("a:contract"):with_scope(scope())`,
    },
  ),
);

test(
  "events are guarded by system, refusals are Invalid [security.action.events]",
  guards(
    {
      action: "events.subscribe",
      resource: "orders",
      kind: "Invalid",
      code: `return events.subscribe("orders")`,
    },
    {
      action: "events.send",
      resource: "orders",
      kind: "Invalid",
      code: `return events.send("orders", "kind", "path", {})`,
    },
  ),
);
