/** Help, version, completion and what is said to wrong words. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { COMMANDS } from "../../src/cli/commands.ts";
import { assertSnapshot, commandLine, inFolder, wippy } from "./wippy.ts";

const PATHS: string[][] = COMMANDS.flatMap((command) =>
  "commands" in command
    ? [[command.name], ...command.commands.map(({ name }) => [command.name, name])]
    : [[command.name]]
);

test("help comes on stdout, by flag and by word", async () => {
  const bare = await wippy([]);
  assert.equal(bare.code, 0);
  assert.equal(bare.stderr, "");
  assertSnapshot("help", bare.stdout);
  for (const words of [["help"], ["--help"], ["-h"]]) {
    assert.deepEqual(await wippy(words), bare, words.join(" "));
  }
});

test("every command has help with its options, the same by flag and by word", async () => {
  for (const path of PATHS) {
    const byFlag = await wippy([...path, "--help"]);
    assert.equal(byFlag.code, 0, byFlag.stderr);
    assertSnapshot(`help_${path.join("_")}`, byFlag.stdout);
    assert.deepEqual(await wippy(["help", ...path]), byFlag, path.join(" "));
    const entry = COMMANDS.find(({ name }) => name === path[0])!;
    const leaf = "commands" in entry ? entry.commands.find(({ name }) => name === path[1]) : entry;
    if (leaf === undefined) continue;
    const { options, help } = await leaf.load();
    for (const name of Object.keys(options)) {
      assert.match(help, new RegExp(`--${name}\\b`), `${path.join(" ")} --${name}`);
    }
  }
});

test("unknown words are misuse and get a suggestion", async () => {
  const cases: [string[], RegExp][] = [
    [["rnu"], /^error: unknown command "rnu"; did you mean wippy run\?\nwippy help lists the commands\n$/],
    [["frobnicate"], /^error: unknown command "frobnicate"\nwippy help lists the commands\n$/],
    [["toString"], /^error: unknown command "toString"\nwippy help lists the commands\n$/],
    [
      ["registry", "lst"],
      /^error: unknown command "lst"; did you mean wippy registry list\?\nwippy help registry /,
    ],
    [["help", "rnu"], /did you mean wippy run\?/],
    [["version", "--shrt"], /^error: unknown option --shrt for wippy version; did you mean --short\?\n$/],
    [["version", "x"], /^error: unexpected argument "x"; usage: wippy version/],
    [["registry"], /^error: wippy registry needs a command\n/],
    [["completion", "fis"], /^error: no completion for "fis"; did you mean fish\?\n$/],
  ];
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await wippy(words);
    assert.equal(code, 2, words.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, message);
  }
});

test("the version is printed, short and as JSON [cli.version]", async () => {
  const short = await wippy(["version", "--short"]);
  assert.match(short.stdout, /^\d+\.\d+\.\d+\n$/);
  const number = short.stdout.trim();
  assert.match(
    (await wippy(["version"])).stdout,
    new RegExp(`^wippy ${number} \\((bun|deno) \\S+, \\w+ \\w+\\)\n$`),
  );
  assert.equal(JSON.parse((await wippy(["version", "--json"])).stdout).version, number);
  assert.equal((await wippy(["--version"])).code, 0);
});

test("a reader that goes away ends the program quietly", () => {
  const [program, before] = commandLine();
  const words = [program, ...before, "help", "run"].map((word) => `'${word}'`).join(" ");
  const child = spawnSync("bash", ["-c", `set -o pipefail; ${words} | :`], { encoding: "utf8" });
  assert.deepEqual([child.status, child.stderr], [0, ""]);
});

async function completions(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await wippy(["__complete", "--", ...words]);
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t")[0]!);
}

test("words, options and values are completed", async () => {
  assert.deepEqual(await completions("re"), ["registry"]);
  assert.ok((await completions("")).includes("help"));
  assert.deepEqual(await completions("registry", "s"), ["show"]);
  assert.deepEqual(await completions("version", "--sh"), ["--short"]);
  assert.deepEqual(await completions("completion", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(await completions("run", "--config", ""), ["<file>"]);
  assert.deepEqual(await completions("init", "--template", "s"), ["service"]);
  assert.deepEqual(await completions("-c", "ver"), ["version"]);
  assert.deepEqual(await completions("nonsense", ""), []);
});

test("completion scripts are printed for three shells", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await wippy(["completion", shell]);
    assert.equal(code, 0);
    assertSnapshot(`completion_${shell}`, stdout);
  }
});

test("a project that can't be read completes nothing", async () => {
  await inFolder({ "src/_index.yaml": "namespace: [" }, async (folder) => {
    const { code, stdout, stderr } = await wippy(["__complete", "--", "call", ""], { cwd: folder });
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  });
});
