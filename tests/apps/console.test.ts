/** Programs for a terminal: words, input, exit codes, commands by name. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { NO_SCRIPT, typing, withProject } from "./application.ts";

test("one process is run by its id with words, on the only terminal or a named one [j.cli]", async () => {
  await withProject("console", async (project) => {
    const plain = await project.wippy("run", "-x", "app:hello");
    assert.deepEqual(plain, { code: 0, signal: null, stdout: "Hello from the console!\n", stderr: "" });
    const words = await project.wippy("run", "-x", "app:hello", "--host", "app:terminal", "one", "two three");
    assert.deepEqual([words.code, words.stdout], [2, "Hello from the console!\n- one\n- two three\n"]);
  });
});

test("commands are listed, run by name, and read what is typed [j.cli]", async () => {
  await withProject("console", async (project) => {
    const list = await project.wippy("run", "list");
    assert.match(
      list.stdout,
      /^Available commands:\n\n {2}machine +Tells about the machine .*\n {2}meet +Asks for a name and greets/,
    );
    const meet = async (input: string) => (await project.feed(input, "run", "meet")).stdout;
    assert.equal(await meet("Ada\n"), "Who are you? Nice to meet you, Ada!\n");
    assert.equal(await meet("\n"), "Who are you? Nice to meet you, stranger!\n");
    assert.equal(await meet(""), "Who are you? Nice to meet you, stranger!\n");
  });
});

test("what main returns is the exit code; whole numbers stay whole [j.cli] [j.lua]", async () => {
  await withProject("console", async (project) => {
    const good = await project.wippy("run", "square", "12");
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, "12 squared is 144\n", ""]);
    assert.equal((await project.feed("7\n", "run", "square")).stdout, "7 squared is 49\n");
    const bad = await project.wippy("run", "square", "dozen");
    assert.deepEqual([bad.code, bad.stdout, bad.stderr], [1, "", "a whole number, please\n"]);
  });
});

test("a program learns about machine and runtime [j.metrics]", async () => {
  await withProject("console", async (project) => {
    const { code, stdout } = await project.wippy("run", "machine");
    assert.equal(code, 0);
    const facts = Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/ (.*)/, 2)));
    assert.equal(facts.host, hostname());
    assert.ok(Number(facts.pid) > 0 && Number(facts.cpus) > 0 && Number(facts.goroutines) > 0, stdout);
    assert.match(facts.heap, /^\d+\.\d MB$/);
  });
});

test(
  "Ctrl+C at a prompt ends the program, which sees the end of its input [j.cli]",
  { skip: NO_SCRIPT },
  async () => {
    await withProject("console", async ({ folder }) => {
      const { code, shown } = await typing(["run", "meet"], folder, [[/Who are you\? /, "\u0003"]]);
      assert.equal(code, 0, shown);
      assert.match(shown, /stopping; once more ends at once[^]*Nice to meet you, stranger!/);
    });
  },
);
