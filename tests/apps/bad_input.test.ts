/** What is wrong gets one clear error that says where and what to do; the rest goes on. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ask, withFiles, withProject } from "./application.ts";

/** A function that is fine, before what is not. */
const FINE = `version: "1.0"
namespace: app
entries:
  - name: fine
    kind: function.lua
    method: run
    source: |
      return { run = function() return "fine" end }
`;

/** What is wrong in a project, and what is said of it. */
interface Mistake {
  readonly entries: string;
  readonly files?: Record<string, string>;
  /** All that `wippy run` prints. */
  readonly error: string;
  /** Whether a function that has nothing to do with it can't be called either. */
  readonly isEverywhere?: boolean;
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  "broken YAML": {
    entries: "  - name: broken\n    kind: [function.lua\n    method: x: y\n",
    error: `error (Invalid): src/_index.yaml:11: malformed YAML: column 5: deficient indentation
   10 |     kind: [function.lua
   11 |     method: x: y
      |     ^
`,
    isEverywhere: true,
  },
  "an unknown kind": {
    entries: "  - name: odd\n    kind: function.luaa\n    method: x\n    source: x\n",
    error:
      'error (Invalid): src/_index.yaml:9: app:odd: unknown kind "function.luaa"; did you mean "function.lua"?\n',
  },
  "a missing source": {
    entries: "  - name: odd\n    kind: function.lua\n    method: x\n    source: file://nowhere.lua\n",
    error: "error (Invalid): src/_index.yaml:12: app:odd: source: file not found: src/nowhere.lua\n",
  },
  "a cyclic dependency": {
    entries: `  - name: a
    kind: library.lua
    source: return {}
    imports: { b: "app:b" }
  - name: b
    kind: library.lua
    source: return {}
    imports: { a: "app:a" }
`,
    error: `error (Invalid): dependency cycle: app:a -> app:b -> app:a; remove one of these references

  at src/_index.yaml:9   app:a
  at src/_index.yaml:13  app:b
`,
  },
  "a duplicate id": {
    entries: "  - name: fine\n    kind: library.lua\n    source: return {}\n",
    error:
      "error (Invalid): src/_index.yaml:9: app:fine is defined already at src/_index.yaml:4; rename one\n",
    isEverywhere: true,
  },
  "a Lua syntax error": {
    entries: "  - name: odd\n    kind: function.lua\n    method: x\n    source: file://odd.lua\n",
    files: { "src/odd.lua": "local x = 1\nlocal function f()\n  return x +\nend\nreturn { x = f }\n" },
    error: `error (Invalid): src/_index.yaml:9: app:odd:3:13: expected an expression, found 'end' [P0001]
   3 |   return x +
     |             ^

  at src/odd.lua:3:13  app:odd
`,
  },
  "an unknown module": {
    entries:
      "  - name: odd\n    kind: function.lua\n    method: x\n    modules: [jsn]\n    source: return {}\n",
    error: 'error (Invalid): src/_index.yaml:9: app:odd: unknown module "jsn"; did you mean "json"?\n',
  },
};

for (const [name, { entries, files = {}, error, isEverywhere = false }] of Object.entries(MISTAKES)) {
  test(`${name} is told with its place before anything starts`, async () => {
    await withFiles({ "src/_index.yaml": FINE + entries, ...files }, async (project) => {
      const run = await project.wippy("run");
      assert.deepEqual([run.code, run.stdout, run.stderr], [1, "", error]);
      const call = await project.wippy("call", "app:fine");
      assert.deepEqual(
        [call.code, call.stdout, call.stderr],
        isEverywhere ? [1, "", error] : [0, '"fine"\n', ""],
      );
    });
  });
}

test("a module that is required and not listed is told with place and list", async () => {
  const entries = `  - name: odd
    kind: function.lua
    method: run
    source: file://odd.lua
`;
  const source = 'local json = require("json")\nreturn { run = function() return json.encode({ 1 }) end }\n';
  await withFiles({ "src/_index.yaml": FINE + entries, "src/odd.lua": source }, async (project) => {
    const { code, stdout, stderr } = await project.wippy("call", "app:odd");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(
      stderr,
      `error: app:odd:1: module 'json' not found

  at src/odd.lua:1  main chunk

hint: what an entry requires stands in its modules or imports: add json to those of app:odd (src/_index.yaml:9)
`,
    );
    // The application runs; only this function does not.
    const application = await project.serve();
    assert.equal((await project.wippy("call", "--connect", "app:odd")).code, 1);
    assert.equal((await project.wippy("call", "--connect", "app:fine")).stdout, '"fine"\n');
    assert.equal((await application.stop()).code, 0);
  });
});

test("a port in use is told with the entry, its place and the way out; an optional server leaves the rest running", async () => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, "127.0.0.1", resolve));
  const { port } = occupant.address() as { port: number };
  const server = (name: string, startup: string) =>
    `  - name: ${name}\n    kind: http.service\n    addr: "127.0.0.1:${port}"\n    lifecycle: { auto_start: true, startup: ${startup} }\n`;
  try {
    await withFiles({ "src/_index.yaml": FINE + server("front", "required") }, async (project) => {
      const { code, stderr } = await project.wippy("run", "-s");
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `error (Unavailable): service app:front failed to start: address already in use: 127.0.0.1:${port}

  at src/_index.yaml:9  app:front

hint: for this run another address does: wippy run -o app:front:addr=:9090
`,
      );
    });
    await withFiles({ "src/_index.yaml": FINE + server("front", "optional") }, async (project) => {
      const application = await project.serve();
      assert.equal((await project.wippy("call", "--connect", "app:fine")).stdout, '"fine"\n');
      const { code, log } = await application.stop();
      assert.equal(code, 0);
      assert.ok(
        log.some(({ message, fields }) =>
          message === "service app:front is failed" && String(fields.error).includes("already in use")
        ),
      );
    });
  } finally {
    occupant.close();
  }
});

test("a history that can't be read or made is told by its path and left as it is", async () => {
  const kept = "registry: { history_type: sqlite }\n";
  await withFiles({ "src/_index.yaml": FINE, ".wippy.yaml": kept }, async (project) => {
    await (await project.serve()).stop();
    const path = join(project.folder, ".wippy/registry.db");
    assert.ok(existsSync(path));
    const noise = "this is no database ".repeat(500);
    writeFileSync(path, noise);
    for (const words of [["run"], ["registry", "history"], ["registry", "rollback", "v0"]]) {
      const { code, stdout, stderr } = await project.wippy(...words);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.equal(
        stderr,
        "error (Unavailable): registry history .wippy/registry.db can't be read: file is not a database; " +
          "restore it from a backup, or move it away to begin a new history from the definition files\n",
      );
    }
    assert.equal(readFileSync(path, "utf8"), noise);
    const elsewhere = await project.wippy(
      "run",
      "--set",
      "registry.history_path=src/_index.yaml/registry.db",
    );
    assert.equal(elsewhere.code, 1);
    assert.match(
      elsewhere.stderr,
      /^error .*: registry\.history_path: no directory for src\/_index\.yaml\/registry\.db: .*; name another path in \.wippy\.yaml\n$/,
    );
  });
});

test("wrong words are misuse: one line, exit code 2, nothing started", async () => {
  await withFiles({ "src/_index.yaml": FINE }, async (project) => {
    for (
      const [words, error] of [
        ["rnu", 'error: unknown command "rnu"; did you mean wippy run?\nwippy help lists the commands\n'],
        ["run --prot 1", "error: unknown option --prot for wippy run\n"],
        ["run -x", "error: -x needs a value\n"],
        ["run -x app:fin", "error: there is no entry app:fin; did you mean app:fine?\n"],
        [
          "run -o x",
          "error: --override x: expected namespace:entry:field=value, for example app:gateway:addr=:9090\n",
        ],
        ["run --set x", "error: --set x: expected section.path=value, for example shutdown.timeout=5s\n"],
        ["run --profile x", "error: --profile x: no such profile; the configuration declares none\n"],
        ["run --config x.yaml", "error: --config x.yaml: no such file\n"],
        ["call", "error: which function? usage: wippy call <namespace:function> [arguments]\n"],
        ["call app:fine --timeout x", "error: --timeout x: expected a duration such as 500ms, 10s or 2m\n"],
        ["registry rollback x", 'error: "x" is no version; they look like v3\n'],
        ["completion tcsh", 'error: no completion for "tcsh"; there are bash, zsh, fish\n'],
      ] as const
    ) {
      const { code, stdout, stderr } = await project.wippy(...words.split(" "));
      assert.deepEqual([code, stdout, stderr], [2, "", error], words);
    }
  });
});

/** Sends a body of this size in pieces, as fast as the other side takes it; the answer, or that there was none. */
function upload(url: string, bytes: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const piece = new Uint8Array(1 << 20);
    const outgoing = request(url, { method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => text += part);
      response.on("end", () => {
        resolve({ status: response.statusCode!, text });
        outgoing.destroy();
      });
    });
    // After the answer the server may close while the body is still on its way.
    outgoing.on("error", reject);
    let left = bytes;
    const send = (): void => {
      while (left > 0) {
        left -= piece.length;
        if (!outgoing.write(piece)) {
          outgoing.once("drain", send);
          return;
        }
      }
      outgoing.end();
    };
    send();
  });
}

test("a body of 1 GB is refused while others are served, and does not stay in memory", async () => {
  await withProject("parcels", async (project) => {
    const application = await project.serveHttp("app:gateway");
    const url = `${application.url}/size`;
    const small = await ask(url, "POST", "hello");
    assert.deepEqual([small.status, small.json], [200, { size: 5 }]);
    const big = upload(url, 1 << 30);
    assert.deepEqual((await ask(url, "POST", "meanwhile")).json, { size: 9 });
    const { status, text } = await big;
    assert.deepEqual([status, JSON.parse(text)], [413, { error: "request body too large", kind: "Invalid" }]);
    assert.deepEqual((await ask(url, "POST", "afterwards")).json, { size: 10 });
    const peak = Number((await ask(`${application.url}/memory`)).json.sys);
    assert.ok(peak > 0 && peak < 900 * 1024 * 1024, `${peak} bytes`);
    assert.equal((await application.stop()).code, 0);
  });
});
