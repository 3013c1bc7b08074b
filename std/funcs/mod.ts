/** The `funcs` module: calls of registered functions, executors with context, futures. */
import { Failure, type Value } from "../../src/core/mod.ts";
import {
  brief,
  type Call,
  defineModule,
  defineObject,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type { Actor, Frame, Scope } from "../../src/ports/mod.ts";
import { ArgumentError, type NativeResult } from "../../src/vm/mod.ts";
import { tableArgument } from "../process/arguments.ts";
import { actorObject, scopeObject } from "../security/objects.ts";
import { futureObject, openFuture } from "./future.ts";
import types from "./funcs.d.lua" with { type: "text" };

/** What an executor adds to the caller's frame and to each call. */
export interface ExecutorPlan {
  readonly values: Record<string, Value> | undefined;
  readonly actor: Actor | undefined;
  readonly scope: Scope | undefined;
  readonly options: Record<string, Value> | undefined;
}

/** A plan that adds nothing. */
export const NO_EXECUTOR: ExecutorPlan = {
  values: undefined,
  actor: undefined,
  scope: undefined,
  options: undefined,
};

/** The caller's frame with a plan's additions. */
export function frameOf(call: Call, plan: ExecutorPlan): Frame {
  const frame = call.process.frame;
  if (
    plan.values === undefined && plan.actor === undefined && plan.scope === undefined &&
    plan.options === undefined
  ) {
    return frame;
  }
  const network = plan.options?.["network"];
  return {
    actor: plan.actor ?? frame.actor,
    scope: plan.scope ?? frame.scope,
    values: plan.values === undefined ? frame.values : { ...frame.values, ...plan.values },
    network: typeof network === "string" ? network : frame.network,
    attachments: frame.attachments,
    trace: frame.trace,
  };
}

/** Checks the target of a call and the right to call it. */
function target(call: Call, i: number): string {
  const written = call.count >= i && call.type(i) === "string" ? call.string(i) : "";
  const invalid = (message: string): Failure => new Failure("Invalid", message, { retryable: false });
  if (written === "") throw invalid("function ID required");
  const colon = written.indexOf(":");
  if (colon <= 0) throw invalid("namespace required in function ID");
  if (colon === written.length - 1) throw invalid("name required in function ID");
  call.demand("funcs.call", written, `not allowed: ${written}`);
  return written;
}

function callNow(call: Call, i: number, plan: ExecutorPlan): NativeResult {
  return call.runtime.calls.callFrom(
    call,
    target(call, i),
    call.raw(i + 1),
    frameOf(call, plan),
    plan.options,
  );
}

function callLater(call: Call, i: number, plan: ExecutorPlan): NativeResult | Promise<NativeResult> {
  const id = target(call, i);
  return openFuture(call, id, call.raw(i + 1), frameOf(call, plan), plan.options);
}

function change(alter: (call: Call, plan: ExecutorPlan) => Partial<ExecutorPlan>): ModuleFunction {
  return (call) => {
    const plan = call.self(executorObject);
    return call.create(executorObject, { ...plan, ...alter(call, plan) });
  };
}

function demandSecurity(call: Call): void {
  call.demand("funcs.security", "security", "not allowed to call functions with custom security context");
}

/** The immutable builder of `funcs.new()`. */
export const executorObject: ObjectDefinition<ExecutorPlan> = defineObject({
  name: "funcs.Executor",
  methods: {
    with_context: change((call, plan) => {
      call.demand("funcs.context", "context", "not allowed to call functions with custom context");
      return {
        values: { ...plan.values, ...tableArgument(call, 2, "context values") as Record<string, Value> },
      };
    }),
    with_actor: change((call) => {
      const actor = call.object(2, actorObject);
      if (actor === undefined) throw new ArgumentError(2, "security.Actor", call.type(2));
      demandSecurity(call);
      return { actor };
    }),
    with_scope: change((call) => {
      const scope = call.object(2, scopeObject);
      if (scope === undefined) throw new ArgumentError(2, "security.Scope", call.type(2));
      demandSecurity(call);
      return { scope };
    }),
    with_options: change((call) => {
      const options = tableArgument(call, 2, "options") as Record<string, Value>;
      const network = options["network"];
      if (network !== undefined) {
        call.demand("network.select", String(network), `not allowed: network ${network}`);
      }
      return { options };
    }),
  },
  commands: {
    async: (call) => callLater(call, 2, call.self(executorObject)),
    call: brief((call) => callNow(call, 2, call.self(executorObject))),
  },
});

export default defineModule({
  name: "funcs",
  types,
  classes: ["nondeterministic", "workflow"],
  portable: true,
  numbers: { call: 140, async: 141, "Executor:call": 142, "Executor:async": 143 },
  functions: {
    new: (call) => call.create(executorObject, NO_EXECUTOR),
  },
  commands: {
    async: (call) => callLater(call, 1, NO_EXECUTOR),
    call: brief((call) => callNow(call, 1, NO_EXECUTOR)),
  },
  objects: [executorObject as never, futureObject as never],
});
