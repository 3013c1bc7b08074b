import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { SeededRandom } from "../platform/mod.ts";
import { tokensOf } from "./argument_tokens.ts";
import type { OptionSpecs } from "./command.ts";

const SPECS: OptionSpecs = {
  config: { type: "list", about: "" },
  verbose: { type: "flag", short: "v", about: "" },
  limit: { type: "text", short: "m", about: "" },
  console: { type: "flag", short: "c", about: "" },
  override: { type: "list", short: "o", about: "" },
};

const OPTIONS: ParseArgsConfig["options"] = Object.fromEntries(
  Object.entries(SPECS).map(([name, { short, type }]) => [
    name,
    { type: type === "flag" ? "boolean" : "string", multiple: true, ...short === undefined ? {} : { short } },
  ]),
);

const WORDS = [
  ..."-- - -v -m -vm -mv -vc -vcm5 -m5 -o -x -xm -xmv --config --config=a --config= --verbose --verbose=1"
    .split(" "),
  ..."--unknown --unknown=2 a --limit -o=3 -v=1 --=x --- --a=b=c -5 x=1 -é --toString -vo -ov".split(" "),
  "",
  "b c",
];

function sorted(token: object): string {
  return JSON.stringify(Object.entries(token).sort());
}

function expected(args: string[]): string[] {
  const options: ParseArgsConfig = {
    args,
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  };
  return (parseArgs(options) as { tokens: readonly object[] }).tokens.map(sorted);
}

test("a command line is split as node:util splits it", () => {
  const random = new SeededRandom("tokens");
  for (let i = 0; i < 20_000; i++) {
    const args = Array.from({ length: random.below(6) }, () => WORDS[random.below(WORDS.length)]!);
    assert.deepEqual(tokensOf(args, SPECS).map(sorted), expected(args), JSON.stringify(args));
  }
});
