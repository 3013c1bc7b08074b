/** `contract.definition`: the methods of a contract, and how they change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";

const SIMULATED = { simulated: true };
const PROJECT = `${HEAD}  - name: greeter
    kind: contract.definition
    methods:
      - name: greet
        description: Says hello
        input_schemas: [{ format: application/schema+json, definition: { type: string } }, { definition: true }]
      - name: leave
` +
  entry(
    "look",
    "function.lua",
    main(`
local c, err = contract.get((...))
if err then return err:message() end
local names = {}
for _, method in ipairs(c:methods()) do names[#names + 1] = method.name end
local greet = c:method("greet")
return { names = names, greet = greet }`),
    "method: main\nmodules: [contract]",
  );

test("methods have a name, a description and schemas [kind.contract.definition] [contract.entries]", () =>
  withApplication(PROJECT, async (app) => {
    const { names, greet } = await app.call("app:look", "app:greeter") as ValueMap;
    assert.deepEqual(names, ["greet", "leave"]);
    assert.deepEqual(greet, {
      name: "greet",
      description: "Says hello",
      input_schemas: [
        { format: "application/schema+json", definition: { type: "string" } },
        { format: "application/schema+json", definition: true },
      ],
      output_schemas: [],
    });
  }, SIMULATED));

test("a method without a name, or methods that are no list, are refused [kind.contract.definition]", () =>
  withApplication(PROJECT, async (app) => {
    const refusal = async (data: ValueMap): Promise<string> => {
      const failure = await refusalOf(app, "app:bad", "contract.definition", data);
      assert.equal(failure.kind, "Invalid");
      return failure.message;
    };
    assert.match(await refusal({ methods: [{ description: "nameless" }] }), /methods\[1\]\.name/);
    assert.match(await refusal({ methods: [{ name: "" }] }), /methods\[1\]\.name/);
    assert.match(await refusal({ methods: "greet" }), /methods/);
    assert.match(
      await refusal({ methods: [{ name: "x", input_schemas: "y" }] }),
      /methods\[1\]\.input_schemas/,
    );
    assert.equal(await app.call("app:look", "app:bad"), "contract definition 'app:bad' not found");
  }, SIMULATED));

test("a change is seen by whoever asks next, a removal too [kind.contract.definition]", () =>
  withApplication(PROJECT, async (app) => {
    const { registry } = app.application;
    const greeter = registry.get("app:greeter")!;
    const data = { methods: [{ name: "greet" }, { name: "shout" }] };
    await registry.apply([{ kind: "entry.update", entry: { ...greeter, data } }]);
    assert.deepEqual((await app.call("app:look", "app:greeter") as ValueMap)["names"], ["greet", "shout"]);
    await registry.apply([{ kind: "entry.delete", id: "app:greeter" }]);
    assert.equal(await app.call("app:look", "app:greeter"), "contract definition 'app:greeter' not found");
  }, SIMULATED));
