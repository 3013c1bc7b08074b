/** What a person at a terminal sees, and what the completion of a real shell offers. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { COUNTER, TOOLS } from "./applications.ts";
import { commandLine, inFolder, start, wippy } from "./wippy.ts";

const isThere = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const NO_SCRIPT = isThere("script") ? false : "needs the program script, which gives commands a terminal";
const NO_BASH = isThere("bash") ? false : "needs bash";

/** Runs a command on a terminal of its own until it ends; `enough` makes it end by Ctrl+C. */
function onTerminal(
  words: string[],
  cwd: string,
  enough?: RegExp,
): Promise<{ code: number | null; shown: string }> {
  const [program, before] = commandLine();
  // In the shell's place: a shell that is interrupted too would give its own exit code.
  const line = `exec ${[program, ...before, ...words].map((word) => `'${word}'`).join(" ")}`;
  const { NO_COLOR: _none, ...env } = process.env;
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env: { ...env, TERM: "xterm" } });
  let shown = "";
  let isEnough = enough === undefined;
  return new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text.replaceAll("\r\n", "\n");
      if (isEnough || !enough!.test(shown)) return;
      isEnough = true;
      child.stdin.write("\u0003");
    });
    child.on("close", (code) => resolve({ code, shown }));
  });
}

// deno-lint-ignore no-control-regex
const plain = (text: string): string => text.replace(/\u001b\[\d+m/g, "");

test(
  "on a terminal boot shows what started, where it listens and how to stop",
  { skip: NO_SCRIPT },
  async () => {
    await inFolder(COUNTER, async (cwd) => {
      const { code, shown } = await onTerminal(["run"], cwd, /stops\./);
      assert.equal(code, 0);
      assert.ok(shown.includes("\u001b[32m●\u001b[0m app:counter.service"));
      const text = plain(shown);
      assert.match(text, /wippy \d+\.\d+\.\d+\n/);
      assert.match(
        text,
        /^ {2}● app:counter\.service {2}\{app:processes\|0x[0-9a-f]+\}\n {2}● app:processes {8}process host /m,
      );
      assert.match(text, /^ {2}ready in \d+ ms: 5 entries, 2 services, registry v0\. Ctrl\+C stops\.$/m);
      assert.match(text, /stopping; once more ends at once/);
      assert.match(text, /INFO {2}core {9}service app:processes is stopped/);
    });
  },
);

test("an application without services says so", { skip: NO_SCRIPT }, async () => {
  await inFolder({ "src/_index.yaml": "namespace: app\nentries: []" }, async (cwd) => {
    const { shown } = await onTerminal(["run"], cwd, /stops\./);
    assert.match(plain(shown), /nothing starts by itself: no entry has lifecycle\.auto_start/);
    assert.match(
      plain(shown),
      /wippy init writes a project to begin with\n\n {2}ready in \d+ ms: 0 entries in .*, 0 services/,
    );
  });
});

test("on a terminal init asks what to make", { skip: NO_SCRIPT }, async () => {
  await inFolder({}, async (cwd) => {
    const [program, before] = commandLine();
    const line = [program, ...before, "init"].map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["-qec", line, "/dev/null"], {
      cwd,
      env: { ...process.env, NO_COLOR: "1" },
    });
    let shown = "";
    let answers = ["9\r", "2\r"];
    const code = await new Promise((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        shown += text;
        const asked = shown.split("Choice [1]: ").length - 1;
        if (asked === 3 - answers.length && answers.length > 0) {
          child.stdin.write(answers[0]!);
          answers = answers.slice(1);
        }
      });
      child.on("close", resolve);
    });
    assert.equal(code, 0, shown);
    assert.match(shown, /2 {2}a command-line program \(command\)/);
    assert.match(shown, /1 to 3, or a name/);
    assert.match(shown, /created src\/greeting\.lua/);
  });
});

test("a service that can't start is told with its place and the way out", async () => {
  const gateway =
    'namespace: app\nentries:\n  - name: gateway\n    kind: http.service\n    addr: "127.0.0.1:PORT"\n' +
    "    lifecycle: {auto_start: true}\n";
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
  try {
    await inFolder({ "src/_index.yaml": gateway.replace("PORT", String(port)) }, async (cwd) => {
      const { code, stderr } = await wippy(["run", "-s"], { cwd });
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `error (Unavailable): service app:gateway failed to start: address already in use: 127.0.0.1:${port}\n\n` +
          "  at src/_index.yaml:3  app:gateway\n\n" +
          "hint: for this run another address does: wippy run -o app:gateway:addr=:9090\n",
      );
    });
  } finally {
    server.close();
  }
});

test("records of Lua carry pid and place [obs.log.context]", async () => {
  await inFolder({ ...COUNTER, ".wippy.yaml": "logger: {encoding: json}" }, async (cwd) => {
    const running = start(["run"], { cwd });
    const [line] = await running.until(/^.*"msg":"counting".*$/m);
    const record = JSON.parse(line);
    assert.match(record.pid, /^\{app:processes\|0x[0-9a-f]{5,}\}$/);
    assert.match(record.location, /^app:counter:\d+$/);
    running.signal("SIGINT");
    await running.ended;
  });
});

test(
  "bash completes commands, options, functions and what stands behind a colon",
  { skip: NO_BASH },
  async () => {
    await inFolder({ ...TOOLS, "other.yaml": "" }, async (cwd) => {
      const [program, before] = commandLine();
      const words = [program, ...before].map((word) => `'${word}'`).join(" ");
      const bin = join(cwd, "wippy");
      writeFileSync(bin, `#!/bin/sh\nexec ${words} "$@"\n`);
      chmodSync(bin, 0o755);
      const script = (await wippy(["completion", "bash"])).stdout;
      const complete = (line: string): string[] => {
        const code =
          `${script}\nCOMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _wippy; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout } = spawnSync("bash", ["-c", code], {
          cwd,
          encoding: "utf8",
          env: { ...process.env, PATH: `${cwd}:${process.env.PATH}` },
        });
        return stdout.split("\n").filter((word) => word !== "").sort();
      };
      assert.deepEqual(complete("wippy reg"), ["registry"]);
      assert.deepEqual(complete("wippy registry sh"), ["show"]);
      assert.deepEqual(complete("wippy call "), ["app:add", "app:tell"]);
      assert.deepEqual(complete("wippy call app:t"), ["tell"]);
      assert.deepEqual(complete("wippy run e"), ["echo"]);
      assert.deepEqual(complete("wippy run -x app:le"), ["leaves"]);
      assert.deepEqual(complete("wippy run --pro"), ["--profile", "--profiler"]);
      assert.deepEqual(complete("wippy registry show app:ter"), ["terminal"]);
      assert.deepEqual(complete("wippy run --config ot"), ["other.yaml"]);
    });
  },
);
