/**
 * The declaration file of each module and the module that runs say the same: names, kinds of members, which arguments have to be there,
 * methods of objects.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { modules as sources } from "../../std/index.gen.ts";
import { expand, is, type Type } from "../../src/lang/types.ts";
import { fitsNil } from "../../src/lang/relate.ts";
import { library } from "../lang/typing.ts";
import { withApplication } from "../application.ts";

const modules = await Promise.all(sources.map((source) => source.load()));

/** Walks the real table of each module; calls each of the functions in `bare` without arguments. */
const PROJECT = `namespace: app
entries:
  - name: walk
    kind: function.lua
    modules: [${modules.map(({ name }) => name).join(", ")}]
    method: main
    source: |
      local function walk(value, path, found)
        for key, member in pairs(value) do
          local name = path == "" and tostring(key) or path .. "." .. tostring(key)
          if type(member) == "table" then walk(member, name, found)
          else found[name] = type(member) end
        end
        return found
      end
      local function refuses(fn)
        local ok, _, err = pcall(fn)
        return not ok or err ~= nil
      end
      return { main = function(name, bare)
        local module = require(name)
        local accepted = {}
        for _, path in ipairs(bare) do
          local fn = module
          for part in path:gmatch("[^.]+") do fn = fn[part] end
          if not refuses(fn) then table.insert(accepted, path) end
        end
        return { members = walk(module, "", {}), accepted = accepted }
      end }
`;

/** Members of a declared table by path: functions as they are, other values by the kind Lua gives them. */
function members(type: Type, path = "", found = new Map<string, Type>()): Map<string, Type> {
  const inner = expand(type);
  if (inner.kind !== "table") return found.set(path, inner);
  // An object is a member as a whole; a table in the module has no name of its own.
  if (type.kind === "named") return found.set(path, type);
  for (const [name, field] of inner.fields) {
    members(field.type, path === "" ? name : `${path}.${name}`, found);
  }
  return found;
}

/** What \`type\` says of values of a declared type; several when it may be either. */
function luaTypes(type: Type): readonly string[] {
  const inner = expand(type);
  switch (inner.kind) {
    case "function":
      return ["function"];
    case "literal":
      return [typeof inner.value];
    case "primitive":
      if (inner.name === "integer") return ["number"];
      return inner.name === "any"
        ? ["userdata", "table", "number", "string", "function", "boolean"]
        : [inner.name];
    default:
      return ["userdata", "table"];
  }
}

/** Methods that the VM brings itself. */
const NATIVE_METHODS: Readonly<Record<string, readonly string[]>> = { Payload: ["get_format"] };
/** Types that are declared under another name than values show, which the specification sets. */
const DECLARED_AS: Readonly<Record<string, string>> = { "template.Set": "templates.Set" };

for (const module of modules) {
  const { name } = module;
  const declared = library().values.get(name);

  test(`${name}: what is declared is there, and what is there is declared [types.module.manifest]`, async () => {
    const known = declared === undefined ? new Map<string, Type>() : members(declared);
    const bare = [...known].filter(([, type]) => {
      const inner = expand(type);
      const first = inner.kind === "function" ? inner.params[0] : undefined;
      return first !== undefined && !first.isOptional && !fitsNil(first.type);
    }).map(([path]) => path);
    await withApplication(PROJECT, async (app) => {
      const answer = await app.call("app:walk", name, bare) as {
        members: Record<string, string>;
        accepted: string[];
      };
      const real = new Map(Object.entries(answer.members));
      const missing = [...known.keys()].filter((path) => !real.has(path));
      const undeclared = [...real.keys()].filter((path) => !known.has(path));
      assert.deepEqual({ missing, undeclared }, { missing: [], undeclared: [] });
      const kinds = [...known].filter(([path, type]) => !luaTypes(type).includes(real.get(path)!))
        .map(([path]) => `${path} is a ${real.get(path)}`);
      assert.deepEqual(kinds, [], "members of another kind than declared");
      const accepted = Array.isArray(answer.accepted) ? answer.accepted : [];
      assert.deepEqual(
        accepted,
        [],
        "called without an argument that is declared as needed, and content with that",
      );
    });
  });

  for (const object of module.objects ?? []) {
    const methods = [
      ...Object.keys(object.methods ?? {}),
      ...Object.keys(object.commands ?? {}),
      ...NATIVE_METHODS[object.name] ?? [],
    ].sort();
    if (methods.length === 0) continue;
    test(`${name}: methods of ${object.name} are those that are declared [types.module.self]`, () => {
      const { types } = library();
      const shown = DECLARED_AS[object.name] ?? object.name;
      const definition = types.get(shown) ?? types.get(`${name}.${shown}`);
      assert.ok(definition !== undefined, `${name}.d.lua declares no type ${object.name}`);
      const body = expand(definition.body());
      assert.ok(body.kind === "table");
      const functions = [...body.fields].filter(([, field]) => expand(field.type).kind === "function");
      assert.deepEqual(functions.map(([method]) => method).sort(), methods);
      for (const [method, field] of functions) {
        const type = expand(field.type);
        const receiver = type.kind === "function" ? type.params[0] : undefined;
        assert.equal(receiver?.name, "self", `${method} takes its receiver first`);
        assert.ok(!is(expand(receiver!.type), "any"), `${method} says of which type its receiver is`);
      }
    });
  }
}
