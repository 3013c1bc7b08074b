/**
 * The permission behind every guarded call: its action, its resource, the kind of its refusal, and whether it is raised.
 *
 * Each step runs twice under an actor with all rights but one: without the right it must be refused; without the same right
 * on another resource it must not.
 */
import assert from "node:assert/strict";
import { after } from "node:test";
import { isValueMap, type Value, type ValueMap } from "../../src/core/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";

/** One guarded call. */
export interface Step {
  readonly action: string;
  /** Resource pattern that is denied; `""` for actions without resource. */
  readonly resource: string;
  /** Lua statements; what they return is looked at for an error. */
  readonly code: string;
  readonly kind?: "PermissionDenied" | "Invalid";
  readonly raised?: boolean;
  /** Attribute that the check must carry, with its value. */
  readonly attribute?: readonly [name: string, value: string];
}

/** The guarded calls of one test file. */
export interface GuardedCalls {
  /** Adds a step; its number. */
  add(step: Step): number;
  /** What became of a step under all rights but one. */
  outcome(index: number, where: "here" | "elsewhere"): Promise<ValueMap>;
  /** The body of a test of these calls. */
  guards(...calls: Step[]): () => Promise<void>;
  /** The application that runs the steps. */
  application(): Promise<TestApplication>;
}

const NOWHERE = "nobody:nothing";
const MODULES =
  ("funcs contract pg events registry sql store queue fs env system security time exec http_client websocket templates " +
    "eval_runner hub cloudstorage").split(" ");
const REFUSAL = /not allowed|permission denied/;

function policy(name: string, body: ValueMap): Value {
  return { name, kind: "security.policy", policy: { actions: "*", resources: "*", ...body } };
}

function denyOf(step: Step, index: number, where: "here" | "elsewhere"): Value {
  const { action, resource, attribute } = step;
  const isHere = where === "here";
  const conditions = attribute === undefined
    ? []
    : [{ field: `meta.${attribute[0]}`, operator: "eq", value: isHere ? attribute[1] : NOWHERE }];
  const pattern = resource === "" ? "*" : isHere || attribute !== undefined ? resource : NOWHERE;
  const actions = resource === "" && !isHere ? `${action}.other` : action;
  return policy(`${where}_${index}`, { actions, resources: pattern, effect: "deny", conditions });
}

function project(steps: readonly Step[]): string {
  const source = `
local outcome = function(ok, ...)
  if not ok then
    local err = ...
    if type(err) ~= "userdata" then return { refused = false, message = tostring(err) } end
    return { kind = err:kind(), message = err:message(), raised = true }
  end
  for i = select("#", ...), 1, -1 do
    local value = select(i, ...)
    local is_error, kind = pcall(function() return value:kind() end)
    if is_error and type(value) == "userdata" then
      return { kind = kind, message = value:message(), raised = false }
    end
  end
  return { message = "", value = (...) }
end
local idle = function() return process.spawn("a:idle", "a:host") end
local scope = function() return security.new_scope({ security.policy("a:allow_all") }) end
local steps = {
${steps.map(({ code }) => `function() ${code} end,`).join("\n")}
}
return { main = function(i) return outcome(pcall(steps[i])) end }`;
  const auto = { auto_start: true };
  const entries: Value[] = [
    policy("allow_all", { effect: "allow" }),
    ...steps.flatMap((step, i) => [denyOf(step, i, "here"), denyOf(step, i, "elsewhere")]),
    { name: "host", kind: "process.host", lifecycle: auto },
    {
      name: "idle",
      kind: "process.lua",
      method: "main",
      source: "return { main = function() process.events():receive() end }",
    },
    {
      name: "callee",
      kind: "function.lua",
      method: "main",
      source: "return { main = function() return 1 end }",
    },
    { name: "step", kind: "function.lua", method: "main", modules: MODULES, source },
    { name: "contract", kind: "contract.definition", methods: [{ name: "run" }] },
    {
      name: "binding",
      kind: "contract.binding",
      contracts: [{ contract: "a:contract", methods: { run: "a:callee" } }],
    },
    { name: "groups", kind: "pg.scope", lifecycle: auto },
    { name: "db", kind: "db.sql.sqlite", file: ":memory:", lifecycle: auto },
    { name: "store", kind: "store.memory", lifecycle: auto },
    { name: "driver", kind: "queue.driver.memory", lifecycle: auto },
    { name: "queue", kind: "queue.queue", driver: "a:driver" },
    { name: "files", kind: "fs.directory", directory: "./data", auto_init: true },
    { name: "memory", kind: "env.storage.memory" },
    { name: "variable", kind: "env.variable", variable: "VARIABLE", storage: "a:memory", default: "x" },
    { name: "entry", kind: "registry.entry", value: 1 },
    { name: "tokens", kind: "security.token_store", store: "a:store" },
    { name: "shell", kind: "exec.native" },
    { name: "aws", kind: "config.aws", region: "us-east-1" },
    { name: "bucket", kind: "cloudstorage.s3", bucket: "b", config: "a:aws", endpoint: "http://127.0.0.1:1" },
    { name: "set", kind: "template.set" },
    { ...policy("grouped", { effect: "allow" }) as ValueMap, groups: ["group"] },
  ];
  return JSON.stringify({ version: "1.0", namespace: "a", entries });
}

/** An empty set of guarded calls, with an application of its own that ends with the file. */
export function guardedCalls(): GuardedCalls {
  const steps: Step[] = [];
  let started: ReturnType<typeof startApplication> | undefined;
  after(async () => await (await started)?.stop());

  async function application(): Promise<TestApplication> {
    return (await (started ??= startApplication(project(steps)))).app;
  }

  async function outcome(index: number, where: "here" | "elsewhere"): Promise<ValueMap> {
    const { security, runtime } = (await application()).application;
    const scope = security.scopeOf(["a:allow_all", `a:${where}_${index}`]);
    const frame = {
      actor: { id: "tester", meta: {} },
      scope,
      values: {},
      network: "",
      attachments: new Map(),
    };
    const result = await runtime.call("a:step", [index + 1], { frame });
    assert.ok(result.ok, result.ok ? "" : result.failure.message);
    assert.ok(isValueMap(result.value));
    return result.value;
  }

  async function check(index: number): Promise<void> {
    const { action, code, kind, raised } = steps[index]!;
    const refused = await outcome(index, "here");
    assert.match(String(refused["message"]), REFUSAL, `${action}: ${code} was not refused`);
    assert.equal(refused["kind"], kind ?? "PermissionDenied", action);
    assert.equal(refused["raised"], raised ?? false, action);
    const free = await outcome(index, "elsewhere");
    assert.doesNotMatch(
      String(free["message"]),
      REFUSAL,
      `${action}: ${code} was refused for another resource`,
    );
  }

  const add = (step: Step): number => steps.push(step) - 1;
  return {
    add,
    outcome,
    application,
    guards(...calls) {
      const indexes = calls.map(add);
      return async () => {
        for (const index of indexes) await check(index);
      };
    },
  };
}
