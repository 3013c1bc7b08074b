/** The `contract` module: services reached through typed contracts and their bindings. */
import { Failure, type Value } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type { ContractBinding, ContractDefinition } from "../../src/ports/mod.ts";
import { ArgumentError, LuaFloat, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { type ExecutorPlan, frameOf, NO_EXECUTOR } from "../funcs/mod.ts";
import { openFuture } from "../funcs/future.ts";
import { tableArgument } from "../process/arguments.ts";
import { actorObject, scopeObject } from "../security/objects.ts";
import types from "./contract.d.lua" with { type: "text" };

interface ContractHandle {
  readonly definition: ContractDefinition;
  readonly plan: ExecutorPlan;
}

interface Instance {
  readonly binding: ContractBinding;
  readonly plan: ExecutorPlan;
}

interface Method {
  readonly instance: Instance;
  readonly name: string;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function notFound(message: string): Failure {
  return new Failure("NotFound", message, { retryable: false });
}

/** Values of a query text: `true`/`false` become booleans, digits integers or floats. */
function queryValues(query: string): Record<string, Value> {
  return Object.fromEntries([...new URLSearchParams(query)].map(([key, text]) => [key, queryValue(text)]));
}

function queryValue(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  const number = /^-?\d+(\.\d+)?$/.exec(text);
  if (number === null) return text;
  if (number[1] !== undefined) return new LuaFloat(Number(text)) as unknown as Value;
  const whole = BigInt(text);
  if (BigInt.asIntN(64, whole) !== whole) return Number(text);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

function optionalTable(call: Call, i: number, what: string): Record<string, Value> | undefined {
  if (call.count < i || call.type(i) === "nil") return undefined;
  return tableArgument(call, i, what) as Record<string, Value>;
}

/** Opens a binding for the caller after permission and context checks. */
function open(
  call: Call,
  written: string,
  scope: Record<string, Value> | undefined,
  plan: ExecutorPlan,
): NativeResult {
  const question = written.indexOf("?");
  const id = question < 0 ? written : written.slice(0, question);
  if (!/^[^:]+:.+$/.test(id)) throw invalid(`invalid binding ID: "${id}" (namespace:name required)`);
  call.demand("contract.open", id, `not allowed to open binding: ${id}`);
  const binding = call.services.contracts.bindings.get(id);
  if (binding === undefined) throw notFound(`contract binding '${id}' not found`);
  const values = {
    ...plan.values,
    ...(question < 0 ? {} : queryValues(written.slice(question + 1))),
    ...scope,
  };
  const known = { ...call.process.frame.values, ...values };
  const missing = binding.contracts.flatMap((bound) => bound.contextRequired).filter((key) =>
    !Object.hasOwn(known, key)
  );
  if (missing.length > 0) {
    throw invalid(`missing required context keys: [${[...new Set(missing)].join(", ")}]`);
  }
  return call.create(instanceObject, { binding, plan: { ...plan, values } });
}

/** The function behind a method of an instance, after the permission check. */
function methodTarget(call: Call, { instance, name }: Method): string {
  call.demand("contract.call", name, `not allowed to call method: ${name}`);
  for (const bound of instance.binding.contracts) {
    if (Object.hasOwn(bound.methods, name)) return bound.methods[name]!;
  }
  for (const bound of instance.binding.contracts) {
    const definition = call.services.contracts.definitions.get(bound.contract);
    if (definition?.methods.some((method) => method.name === name)) {
      throw notFound(`method '${name}' not bound`);
    }
  }
  throw notFound(
    `method '${name}' not found in contract '${
      instance.binding.contracts[0]?.contract ?? instance.binding.id
    }'`,
  );
}

/** A method of an instance as a callable object: `instance:name(...)`, `instance:name_async(...)`. */
const methodObject: ObjectDefinition<Method> = defineObject({
  name: "contract.Method",
  invoke: (call) => {
    const method = call.self(methodObject);
    const { plan, binding } = method.instance;
    const bound = binding.contracts.some((contract) => Object.hasOwn(contract.methods, method.name));
    if (!bound && method.name.endsWith("_async")) {
      const target = methodTarget(call, {
        instance: method.instance,
        name: method.name.slice(0, -"_async".length),
      });
      return openFuture(call, target, call.raw(3), frameOf(call, plan), plan.options);
    }
    return call.runtime.calls.callFrom(
      call,
      methodTarget(call, method),
      call.raw(3),
      frameOf(call, plan),
      plan.options,
    );
  },
});

const instanceObject: ObjectDefinition<Instance> = defineObject({
  name: "contract.Instance",
  operators: {
    index: (call) => {
      if (call.type(2) !== "string") return null;
      return call.create(methodObject, { instance: call.self(instanceObject), name: call.string(2) });
    },
  },
});

function change(
  action: "context" | "security" | "",
  alter: (call: Call, plan: ExecutorPlan) => Partial<ExecutorPlan>,
): ModuleFunction {
  return (call) => {
    const { definition, plan } = call.self(contractObject);
    const changed = alter(call, plan);
    if (action !== "") {
      call.demand(`contract.${action}`, action, `not allowed to use custom ${action} with contracts`);
    }
    return call.create(contractObject, { definition, plan: { ...plan, ...changed } });
  };
}

/** Call options; choosing a network needs a right of its own. */
function demandNetwork(call: Call, options: Record<string, Value> | undefined): void {
  const network = options?.["network"];
  if (network === undefined || network === null) return;
  call.demand("network.select", String(network), `not allowed: network ${network}`);
}

function implementations(call: Call, id: string): LuaValue {
  call.demand("contract.implementations", id, `not allowed to list implementations: ${id}`);
  if (!call.services.contracts.definitions.has(id)) throw notFound(`contract definition '${id}' not found`);
  return call.services.contracts.implementations(id);
}

const contractObject: ObjectDefinition<ContractHandle> = defineObject({
  name: "contract.Contract",
  methods: {
    id: (call) => call.self(contractObject).definition.id,
    methods: (call) =>
      call.self(contractObject).definition.methods.map((method) => ({ ...method })) as unknown as LuaValue,
    method: (call) => {
      const { definition } = call.self(contractObject);
      const name = call.string(2);
      const method = definition.methods.find((candidate) => candidate.name === name);
      if (method === undefined) throw notFound(`method '${name}' not found in contract '${definition.id}'`);
      return { ...method } as unknown as LuaValue;
    },
    implementations: (call) => implementations(call, call.self(contractObject).definition.id),
    open: (call) => {
      const { definition, plan } = call.self(contractObject);
      const scope = optionalTable(call, 3, "scope");
      if (call.count >= 2 && call.type(2) === "string") return open(call, call.string(2), scope, plan);
      const binding = call.services.contracts.defaultBinding(definition.id);
      if (binding === undefined) throw notFound(`no default binding for contract '${definition.id}'`);
      return open(call, binding.id, scope, plan);
    },
    with_context: change("context", (call, plan) => ({
      values: { ...plan.values, ...tableArgument(call, 2, "context values") as Record<string, Value> },
    })),
    with_actor: change("security", (call) => {
      const actor = call.object(2, actorObject);
      if (actor === undefined) throw new ArgumentError(2, "security.Actor", call.type(2));
      return { actor };
    }),
    with_scope: change("security", (call) => {
      const scope = call.object(2, scopeObject);
      if (scope === undefined) throw new ArgumentError(2, "security.Scope", call.type(2));
      return { scope };
    }),
    with_options: change("", (call) => {
      const options = tableArgument(call, 2, "options") as Record<string, Value>;
      demandNetwork(call, options);
      return { options };
    }),
  },
});

export default defineModule({
  name: "contract",
  types,
  classes: ["nondeterministic", "workflow"],
  numbers: { open: 190, "Method:call": 191 },
  functions: {
    open: (call) => {
      const options = optionalTable(call, 3, "options");
      demandNetwork(call, options);
      return open(call, call.string(1), optionalTable(call, 2, "scope"), { ...NO_EXECUTOR, options });
    },
    get: (call) => {
      const id = call.string(1);
      call.demand("contract.get", id, `not allowed to access contract: ${id}`);
      const definition = call.services.contracts.definitions.get(id);
      if (definition === undefined) throw notFound(`contract definition '${id}' not found`);
      return call.create(contractObject, { definition, plan: NO_EXECUTOR });
    },
    find_implementations: (call) => implementations(call, call.string(1)),
    is: (call) => {
      const instance = call.object(1, instanceObject);
      const id = call.string(2);
      return instance !== undefined && instance.binding.contracts.some((bound) => bound.contract === id);
    },
  },
  objects: [contractObject as never, instanceObject as never, methodObject as never],
});
