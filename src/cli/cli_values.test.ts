/** Arguments, filters and texts of the command line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWord, parseArguments } from "./arguments.ts";
import { callArguments } from "./call_arguments.ts";
import { Misuse } from "./command.ts";
import { entryFilter } from "./entry_filter.ts";
import { printJson, readJson } from "./json_text.ts";
import { nearestName } from "../core/mod.ts";

test("words of a call are JSON, text, or keys of one table", () => {
  assert.deepEqual(callArguments([]), []);
  assert.deepEqual(callArguments(["1", "2.5", "true", "null", '"3"', "text", '{"a": [1]}']), [
    1,
    2.5,
    true,
    null,
    "3",
    "text",
    { a: [1] },
  ]);
  assert.deepEqual(callArguments(["x", "name=Ada", "5", "n=3", "list=[1,2]", "empty=", "eq=a=b"]), [
    "x",
    { name: "Ada", n: 3, list: [1, 2], empty: "", eq: "a=b" },
    5,
  ]);
});

test("JSON keeps big whole numbers, writes bytes as base64 and leaves out what is missing", () => {
  assert.equal(
    printJson({
      big: 2n ** 60n,
      bytes: new Uint8Array([1, 2]),
      none: undefined,
      list: [undefined, 1],
      empty: {},
    }, 0),
    '{"big":1152921504606846976,"bytes":"AQI=","list":[null,1],"empty":{}}',
  );
  assert.equal(
    printJson({ a: [1, { b: "x" }], c: [] }),
    '{\n  "a": [\n    1,\n    {\n      "b": "x"\n    }\n  ],\n  "c": []\n}',
  );
  assert.deepEqual(readJson("1152921504606846977"), { value: 1152921504606846977n });
  assert.deepEqual(readJson("1e3"), { value: 1000 });
  assert.equal(readJson("{a}"), undefined);
});

const ENTRIES = [
  { id: "app:greet", kind: "function.lua", meta: { type: "api", tags: ["a", "bc"], depth: { x: 1 } } },
  { id: "app.api:gateway", kind: "http.service", meta: { enabled: true, title: "The gateway" } },
  { id: "app.api.v2:list", kind: "function.lua.bc", meta: {} },
];

function filtered(filter: Parameters<typeof entryFilter>[0]): string[] {
  return ENTRIES.filter(entryFilter(filter)).map(({ id }) => id.split(":")[1]!);
}

test("entries are filtered by globs [cli.registry.list] [registry.cli.list]", () => {
  assert.deepEqual(filtered({}), ["greet", "gateway", "list"]);
  assert.deepEqual(filtered({ kind: "function.lua" }), ["greet"]);
  assert.deepEqual(filtered({ kind: "function.lua*" }), ["greet", "list"]);
  assert.deepEqual(filtered({ kind: "function.lua.*" }), ["list"]);
  assert.deepEqual(filtered({ ns: "app.*" }), ["gateway", "list"]);
  assert.deepEqual(filtered({ ns: "app", name: "g*" }), ["greet"]);
  assert.deepEqual(filtered({ name: "gre?t" }), ["greet"]);
});

test("metadata has five operators, and all filters must hold [cli.registry.list.meta] [registry.cli.meta]", () => {
  assert.deepEqual(filtered({ meta: ["type=api"] }), ["greet"]);
  assert.deepEqual(filtered({ meta: ["enabled=true"] }), ["gateway"]);
  assert.deepEqual(filtered({ meta: ["tags=bc"] }), ["greet"]);
  assert.deepEqual(filtered({ meta: ["tags*c"] }), ["greet"]);
  assert.deepEqual(filtered({ meta: ["title~^The .a"] }), ["gateway"]);
  assert.deepEqual(filtered({ meta: ["title^The"] }), ["gateway"]);
  assert.deepEqual(filtered({ meta: ["title$way"] }), ["gateway"]);
  assert.deepEqual(filtered({ meta: ["depth.x=1"] }), ["greet"]);
  assert.deepEqual(filtered({ meta: ["type=api", "tags=no"] }), []);
  assert.throws(() => filtered({ meta: ["type"] }), Misuse);
  assert.throws(() => filtered({ meta: ["type~("] }), /--meta type~\(/);
});

const SPECS = {
  override: { type: "list", short: "o", about: "" },
  exec: { type: "text", short: "x", about: "" },
} as const;

test("options stand anywhere before the dashes", () => {
  const args = parseArguments(
    ["-cv", "a", "-o", "x:y:z=1", "--override=b:c:d=-1", "-xapp:cli", "b", "--", "-q"],
    SPECS,
    "wippy",
  );
  assert.deepEqual(args.positionals, ["a", "b", "-q"]);
  assert.equal(args.positionalsBeforeDashes, 2);
  assert.equal(args.flag("console") && args.flag("verbose"), true);
  assert.deepEqual(args.list("override"), ["x:y:z=1", "b:c:d=-1"]);
  assert.equal(args.text("exec"), "app:cli");
});

test("wrong options are misuse with a way out", () => {
  const refuse = (words: string[], message: RegExp): void =>
    assert.throws(
      () => parseArguments(words, SPECS, "wippy run"),
      (error) => error instanceof Misuse && message.test(error.message),
    );
  refuse(["--consle"], /^unknown option --consle for wippy run; did you mean --console\?$/);
  refuse(["-z"], /^unknown option -z for wippy run$/);
  refuse(["--exec"], /^--exec needs a value$/);
  refuse(["--exec", "--console"], /^--exec needs a value; write --exec=--console if that is one$/);
  refuse(["--console=yes"], /^--console takes no value/);
});

test("the command is the first word that is no option and no value of one", () => {
  assert.equal(firstWord(["-c", "--config", "a.yaml", "run", "x"]), 3);
  assert.equal(firstWord(["--config=a.yaml", "-m", "1G", "run"]), 3);
  assert.equal(firstWord(["-cv", "run"]), 1);
  assert.equal(firstWord(["-c"]), -1);
  assert.equal(firstWord([]), -1);
});

test("suggestions take small mistakes and beginnings, nothing else", () => {
  const words = ["run", "registry", "completion", "version"];
  assert.equal(nearestName("rnu", words), "run");
  assert.equal(nearestName("regsitry", words), "registry");
  assert.equal(nearestName("comp", words), "completion");
  assert.equal(nearestName("xyz", words), undefined);
});
