/** `contract.binding`: which functions implement a contract, which binding is the default, and how that changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";

const SIMULATED = { simulated: true };

function binding(name: string, fn: string, more = ""): string {
  return `  - name: ${name}\n    kind: contract.binding\n    contracts: [{ contract: greeter, methods: { greet: ${fn} }${more} }]\n`;
}

const GREETERS = `${HEAD}  - { name: greeter, kind: contract.definition, methods: [{ name: greet }] }\n` +
  ["polite", "rude"].map((name) => entry(name, "function.lua", main(`return "${name}"`), "method: main"))
    .join("") +
  entry(
    "greet",
    "function.lua",
    main(`
local id, scope = ...
local c = assert(contract.get("app:greeter"))
local inst, err = c:open(id, scope)
if err then return err:kind() .. ": " .. err:message() end
local said, failed = inst:greet()
return failed and failed:message() or said`),
    "method: main\nmodules: [contract]",
  );

async function greet(
  app: TestApplication,
  id: string | null = null,
  scope: ValueMap | null = null,
): Promise<string> {
  return String(await app.call("app:greet", id, scope));
}

test("methods are functions by id, bare names of the binding's namespace [kind.contract.binding] [contract.entries]", () =>
  withApplication(GREETERS + binding("near", "polite") + binding("far", "app:rude"), async (app) => {
    assert.deepEqual([await greet(app, "app:near"), await greet(app, "app:far")], ["polite", "rude"]);
    assert.equal(await greet(app), "NotFound: no default binding for contract 'app:greeter'");
  }, SIMULATED));

test("the default is used without an id, unless it needs context [kind.contract.binding] [contract.default]", () =>
  withApplication(
    GREETERS + binding("needy", "rude", ", default: true, context_required: [tenant, user]") +
      binding("plain", "polite", ", default: true"),
    async (app) => {
      assert.equal(await greet(app), "polite");
      assert.equal(await greet(app, null, { tenant: 1, user: 2 }), "polite");
      assert.equal(await greet(app, "app:needy"), "Invalid: missing required context keys: [tenant, user]");
      assert.equal(
        await greet(app, "app:needy", { user: 2 }),
        "Invalid: missing required context keys: [tenant]",
      );
      assert.equal(await greet(app, "app:needy", { tenant: 1, user: 2 }), "rude");
      await app.application.registry.apply([{ kind: "entry.delete", id: "app:plain" }]);
      assert.equal(await greet(app), "NotFound: no default binding for contract 'app:greeter'");
    },
    SIMULATED,
  ));

test("one binding may implement several contracts [kind.contract.binding]", () =>
  withApplication(
    `${GREETERS}  - { name: leaver, kind: contract.definition, methods: [{ name: leave }] }
  - name: both
    kind: contract.binding
    contracts:
      - { contract: greeter, methods: { greet: polite } }
      - { contract: app:leaver, default: true, methods: { leave: rude } }
` + entry(
        "use",
        "function.lua",
        main(`
local inst = assert(contract.open("app:both"))
return { inst:greet(), (inst:leave()), contract.is(inst, "app:greeter"), contract.is(inst, "app:leaver"), (contract.get("app:leaver"):open():leave()) }`),
        "method: main\nmodules: [contract]",
      ),
    async (app) => assert.deepEqual(await app.call("app:use"), ["polite", "rude", true, true, "rude"]),
    SIMULATED,
  ));

test("a change acts at the next open, a function that is not there at the call [kind.contract.binding]", () =>
  withApplication(GREETERS + binding("one", "polite", ", default: true"), async (app) => {
    const { registry } = app.application;
    const one = registry.get("app:one")!;
    const bind = (fn: string) => {
      const data = { contracts: [{ contract: "greeter", default: true, methods: { greet: fn } }] };
      return registry.apply([{ kind: "entry.update", entry: { ...one, data } }]);
    };
    await bind("rude");
    assert.equal(await greet(app), "rude");
    await bind("nobody");
    assert.equal(await greet(app), "no handler registered for target");
    await registry.apply([{ kind: "entry.delete", id: "app:one" }]);
    assert.equal(await greet(app, "app:one"), "NotFound: contract binding 'app:one' not found");
  }, SIMULATED));

test("a binding without a contract, or with methods that are no texts, is refused [kind.contract.binding]", () =>
  withApplication(GREETERS, async (app) => {
    const refusal = async (contract: ValueMap): Promise<string> => {
      const failure = await refusalOf(app, "app:bad", "contract.binding", { contracts: [contract] });
      assert.equal(failure.kind, "Invalid");
      return failure.message;
    };
    assert.match(await refusal({ methods: { greet: "polite" } }), /contracts\[1\]\.contract/);
    assert.match(
      await refusal({ contract: "greeter", methods: { greet: ["polite"] } }),
      /contracts\[1\]\.methods\.greet/,
    );
    assert.match(await refusal({ contract: "greeter", default: "yes please" }), /contracts\[1\]\.default/);
  }, SIMULATED));
