/** The `env` module: variables of the application. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import types from "./env.d.lua" with { type: "text" };

function keyArgument(call: Call): string {
  const key = call.string(1);
  if (key === "") throw new Failure("Invalid", "empty key", { retryable: false });
  return key;
}

/** Policies name the public name, so that an entry id is no way around them. */
function subject(call: Call, key: string): string {
  const variable = call.services.environment.variable(key);
  return variable === undefined || variable.name === "" ? key : variable.name;
}

function notFound(key: string): Failure {
  return new Failure("NotFound", "environment variable not found", {
    retryable: false,
    details: { name: key },
  });
}

function found(key: string, value: string | undefined): string {
  if (value === undefined) throw notFound(key);
  return value;
}

function get(call: Call): NativeResult | Promise<NativeResult> {
  const key = keyArgument(call);
  call.demand("env.get", subject(call, key), `not allowed to access environment variable: ${key}`);
  const value = call.services.environment.get(key);
  return value instanceof Promise ? value.then((later) => found(key, later)) : found(key, value);
}

function set(call: Call): NativeResult | Promise<NativeResult> {
  const key = keyArgument(call);
  const value = call.string(2);
  call.demand("env.set", subject(call, key), `not allowed to set environment variable: ${key}`);
  const done = call.services.environment.set(key, value);
  return done instanceof Promise ? done.then(() => true) : true;
}

async function getAll(call: Call): Promise<NativeResult> {
  const { process, runtime } = call;
  const values = await call.services.environment.all();
  for (const name of Object.keys(values)) {
    if (!runtime.allowed(process, "env.get", name)) delete values[name];
  }
  return values;
}

export default defineModule({
  name: "env",
  types,
  classes: ["nondeterministic", "io", "storage"],
  portable: true,
  commands: { get, set, get_all: getAll },
});
