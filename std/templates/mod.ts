/** The `templates` module: template sets rendered with values of Lua. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { type Resources, type TemplateSet, TemplateSetResource } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import types from "./templates.d.lua" with { type: "text" };

/** A set in the hands of a script. */
interface SetHandle {
  readonly id: string;
  readonly resources: Resources;
  released: boolean;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function textArgument(call: Call, i: number, message: string): string {
  const text = call.count >= i && call.type(i) === "string" ? call.string(i) : "";
  if (text === "") throw invalid(message);
  return text;
}

/** Looked up each time: the entry may be gone or another one by now. */
function setOf({ resources, id }: SetHandle): TemplateSet {
  const set = resources.find(TemplateSetResource, id);
  if (set === undefined) {
    throw new Failure("NotFound", `template set not found: ${id}`, { retryable: false });
  }
  return set;
}

function dataArgument(call: Call, i: number): LuaValue {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) !== "table") throw invalid("data must be a table");
  return call.value(i, true);
}

const get: ModuleFunction = (call) => {
  const id = textArgument(call, 1, "resource id is required");
  call.demand("template.get", id, `not allowed to access template: ${id}`);
  const handle: SetHandle = { id, resources: call.services.resources, released: false };
  setOf(handle);
  return call.create(setObject, handle);
};

const render: ModuleFunction = (call) => {
  const handle = call.self(setObject);
  if (handle.released) throw new Failure("Internal", "template set is released", { retryable: false });
  const name = textArgument(call, 2, "template name is required");
  return setOf(handle).render(name, dataArgument(call, 3));
};

const setObject: ObjectDefinition<SetHandle> = defineObject<SetHandle>({
  name: "template.Set",
  methods: {
    render,
    release: (call) => {
      call.self(setObject).released = true;
      return true;
    },
  },
  tostring: ({ released }) => released ? "template.Set{released}" : "template.Set{}",
});

export default defineModule({
  name: "templates",
  types,
  classes: ["deterministic", "workflow"],
  functions: { get },
  objects: [setObject],
});
