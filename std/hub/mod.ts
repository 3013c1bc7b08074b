/**
 * The `hub` module: the catalogue of modules, as far as this program can know it.
 *
 * How a hub is spoken to is published nowhere, so nothing here asks one. What needs none is done: arguments and options are
 * checked, so are permissions, and who is not logged in is told so. Everything else is Unavailable, with what to do instead.
 */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand } from "../../src/lua/mod.ts";
import { ArgumentError, type NativeResult } from "../../src/vm/mod.ts";
import { addressOf, hubOf } from "./options.ts";
import types from "./hub.d.lua" with { type: "text" };

const TOKEN_VARIABLE = "WIPPY_TOKEN";

/** Argument `i`, which must be a string that is not empty. */
function text(call: Call, i: number, what: string): string {
  if (call.count < i || call.type(i) !== "string") {
    throw new ArgumentError(i, "string", call.count < i ? "none" : call.type(i));
  }
  const value = call.string(i);
  if (value === "") throw new Failure("Invalid", `${what} required`, { retryable: false });
  return value;
}

function demand(call: Call, action: string, resource: string): void {
  call.demand(action, resource, `not allowed: ${action}`);
}

function unavailable(hub: string): Failure {
  const message = `this build can't ask the hub at ${hub}: ` +
    "get the module as a folder, and add it with 'wippy add ./folder', or put it into the modules directory of wippy.lock";
  return new Failure("Unavailable", message, { retryable: false });
}

/** What a function takes before its options: the name of each, in order; one with `?` may be left out. */
type Parameters = readonly string[];

/** A question to a hub. The first parameter is what the permission is about. */
function question(action: string, parameters: Parameters): ModuleCommand {
  return (call): NativeResult => {
    const [subject, ...others] = parameters;
    const resource = subject === undefined ? "" : text(call, 1, subject);
    let at = subject === undefined ? 1 : 2;
    for (const name of others) {
      // Options may stand where an optional parameter would.
      if (name.endsWith("?") && call.type(at) === "table") continue;
      if (!name.endsWith("?") || !["none", "nil"].includes(call.type(at))) {
        text(call, at, name.replace("?", ""));
      }
      at++;
    }
    demand(call, action, resource);
    throw unavailable(hubOf(call, at));
  };
}

/** The hub that argument `i` names. */
function hubArgument(call: Call, i: number): string {
  const isGiven = call.count >= i && call.type(i) !== "nil";
  return addressOf(call, isGiven ? text(call, i, "registry") : undefined);
}

const authenticate: ModuleCommand = (call) => {
  text(call, 1, "token");
  const hub = hubArgument(call, 2);
  demand(call, "hub.auth.authenticate", hub);
  // A token that nobody has looked at is not stored.
  throw unavailable(hub);
};

const status: ModuleCommand = (call) => {
  const registry = hubArgument(call, 1);
  demand(call, "hub.auth.status", registry);
  if ((call.services.ports.osVariable(TOKEN_VARIABLE) ?? "") !== "") throw unavailable(registry);
  return { authenticated: false, registry, orgs: [] };
};

const logout: ModuleCommand = (call) => {
  demand(call, "hub.auth.logout", hubArgument(call, 1));
  // No token is ever taken over, so that there is none to forget.
  return true;
};

export default defineModule({
  name: "hub",
  types,
  classes: ["network", "io", "nondeterministic"],
  commands: {
    "modules.list": question("hub.modules.list", []),
    "modules.search": question("hub.modules.search", ["query"]),
    "modules.get": question("hub.modules.get", ["module"]),
    "modules.readme": question("hub.modules.readme", ["module"]),
    "versions.list": question("hub.versions.list", ["module"]),
    "versions.get": question("hub.versions.get", ["module", "version"]),
    "versions.inspect": question("hub.versions.inspect", ["module", "version"]),
    // It gives at least what an inspection gives.
    "versions.open": question("hub.versions.inspect", ["module", "version"]),
    "dependencies.get": question("hub.dependencies.get", ["module", "version?"]),
    "dependents.get": question("hub.dependents.get", ["module"]),
    "files.list": question("hub.files.list", ["module", "version"]),
    "auth.authenticate": authenticate,
    "auth.status": status,
    "auth.logout": logout,
  },
});
