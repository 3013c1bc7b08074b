/** Commands in containers, against an engine that is made here. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { Engine } from "./engine.ts";

function project(path: string, fields = "image: alpine"): string {
  return `version: "1.0"
namespace: t
entries:
  - name: box
    kind: exec.docker
    host: unix://${path}
    ${fields.replaceAll("\n", "\n    ")}
  - name: run
    kind: function.lua
    method: main
    modules: [exec]
    source: |
      local function all(stream)
        local parts = {}
        while true do
          local part, problem = stream:read(1000)
          if problem then return problem:kind() .. ": " .. problem:message() end
          if not part then return table.concat(parts) end
          parts[#parts + 1] = part
        end
      end
      return { main = function(command, options)
        options = options or {}
        local box, err = exec.get("t:box")
        local proc
        if box then proc, err = box:exec(command, options.exec) end
        if not proc then return { kind = err:kind(), message = err:message() } end
        local out, problems = proc:stdout_stream(), proc:stderr_stream()
        local ok
        ok, err = proc:start()
        if not ok then return { kind = err:kind(), message = err:message(), retryable = err:retryable() } end
        if options.input then proc:write_stdin(options.input) proc:write_stdin("") end
        if options.signal then proc:signal(options.signal) end
        if options.leave then return { left = true } end
        return { out = all(out), problems = all(problems), code = proc:wait() }
      end }
`;
}

async function withEngine(
  fields: string | undefined,
  body: (app: TestApplication, engine: Engine) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-engine-"));
  const engine = new Engine();
  const path = join(folder, "docker.sock");
  await engine.listen(path);
  try {
    await withApplication(project(path, fields), (app) => body(app, engine));
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(
  { call }: TestApplication,
  command: string,
  options: Value = {},
): Promise<Record<string, Value>> {
  return await call("t:run", command, options) as Record<string, Value>;
}

test(
  "a command runs in a container, with output, errors and exit code [exec.docker] [kind.exec.docker.core]",
  { timeout: 60_000 },
  () =>
    withEngine(
      "image: alpine\ndefault_work_dir: /work\ndefault_env: {A: one, B: two}",
      async (app, engine) => {
        assert.deepEqual(await run(app, "echo 'hello  world' x"), {
          out: "hello  world x\n",
          problems: "",
          code: 0,
        });
        assert.deepEqual(await run(app, "mixed"), { out: "one two", problems: "problem", code: 3 });
        const { config } = engine.containers[0]!;
        assert.equal(config.Image, "alpine");
        assert.deepEqual(config.Cmd, ["echo", "hello  world", "x"]);
        assert.equal(config["WorkingDir"], "/work");
        assert.deepEqual(config["Env"], ["A=one", "B=two"]);
        assert.equal(config["Tty"], false);
        await run(app, "echo", { exec: { work_dir: "/else", env: { B: "three", C: "x" } } });
        assert.equal(engine.containers[2]!.config["WorkingDir"], "/else");
        assert.deepEqual(engine.containers[2]!.config["Env"], ["A=one", "B=three", "C=x"]);
      },
    ),
);

test(
  "input goes to the container, and ends [exec.docker] [kind.exec.docker.core]",
  { timeout: 60_000 },
  () =>
    withEngine(undefined, async (app) => {
      const input = "line\n".repeat(50_000);
      const { code, out } = await run(app, "cat", { input });
      assert.equal(out, input);
      assert.equal(code, 0);
    }),
);

test(
  "signals are the engine's to send, and a script that ends leaves nothing behind [exec.docker] [kind.exec.docker.core]",
  { timeout: 60_000 },
  () =>
    withEngine(undefined, async (app, engine) => {
      assert.equal((await run(app, "sleep", { signal: 15 }))["code"], 143);
      assert.deepEqual(engine.containers[0]!.kills, [15]);
      await app.until(() => engine.containers[0]!.attached!.destroyed, "its connection to be closed");
      assert.deepEqual(await run(app, "sleep", { leave: true }), { left: true });
      await app.until(() => engine.containers[1]!.kills.includes(9), "the container to be killed");
    }),
);

test(
  "containers are isolated as configured [exec.docker] [kind.exec.docker.isolation]",
  { timeout: 60_000 },
  async () => {
    await withEngine(undefined, async (app, engine) => {
      await run(app, "echo");
      assert.deepEqual(engine.containers[0]!.config.HostConfig, {
        NetworkMode: "bridge",
        AutoRemove: false,
        ReadonlyRootfs: false,
      });
    });
    const fields = `image: alpine
network_mode: none
user: "1000:1000"
volumes: ["/data:/data:ro"]
read_only_rootfs: true
no_new_privileges: true
cap_drop: [ALL]
cap_add: [NET_BIND_SERVICE]
tmpfs: {/tmp: "rw,size=64m"}`;
    await withEngine(fields, async (app, engine) => {
      await run(app, "echo");
      const { config } = engine.containers[0]!;
      assert.equal(config["User"], "1000:1000");
      assert.deepEqual(config.HostConfig, {
        NetworkMode: "none",
        AutoRemove: false,
        ReadonlyRootfs: true,
        Binds: ["/data:/data:ro"],
        SecurityOpt: ["no-new-privileges"],
        CapDrop: ["ALL"],
        CapAdd: ["NET_BIND_SERVICE"],
        Tmpfs: { "/tmp": "rw,size=64m" },
      });
    });
  },
);

test(
  "containers are limited as configured [exec.docker] [kind.exec.docker.limits]",
  { timeout: 60_000 },
  () =>
    withEngine(
      "image: alpine\nmemory_limit: 536870912\ncpu_quota: 50000\npids_limit: 100\nauto_remove: true",
      async (app, engine) => {
        await run(app, "echo");
        assert.deepEqual(engine.containers[0]!.config.HostConfig, {
          NetworkMode: "bridge",
          AutoRemove: true,
          ReadonlyRootfs: false,
          Memory: 536_870_912,
          CpuQuota: 50_000,
          CpuPeriod: 100_000,
          PidsLimit: 100,
        });
      },
    ),
);

test(
  "the whitelist holds for containers too [exec.docker] [kind.exec.whitelist]",
  { timeout: 60_000 },
  () =>
    withEngine("image: alpine\ncommand_whitelist: [echo fine]", async (app, engine) => {
      assert.equal((await run(app, "echo fine"))["out"], "fine\n");
      assert.deepEqual(await run(app, "echo"), { kind: "PermissionDenied", message: "command not allowed" });
      assert.equal(engine.containers.length, 1);
    }),
);

test(
  "a missing image, a refusing engine and an absent one are told apart [exec.docker]",
  { timeout: 60_000 },
  async () => {
    await withEngine("image: missing", async (app) => {
      const message = "docker image not found: missing (docker pull missing)";
      assert.deepEqual(await run(app, "echo"), { kind: "NotFound", message, retryable: false });
    });
    await withEngine(undefined, async (app, engine) => {
      const message = "docker engine: can't start it";
      assert.deepEqual(await run(app, "unstartable"), { kind: "Internal", message, retryable: true });
      assert.equal(engine.containers[0]!.isRemoved, true);
      await app.until(() => engine.containers[0]!.attached!.destroyed, "its connection to be closed");
      await engine.close();
      const refused = await run(app, "echo");
      assert.equal(refused["kind"], "Unavailable");
      assert.equal(refused["retryable"], true);
    });
  },
);

test(
  "output that nobody reads fills no memory [exec.docker]",
  { timeout: 60_000 },
  () =>
    withEngine(undefined, async (app) => {
      const { out } = await run(app, "flood");
      assert.equal(out, "Internal: process has more than 16777216 bytes of unread output on stderr");
    }),
);

test("fields that make no sense are refused when the entry is loaded [kind.exec.docker.core]", {
  timeout: 60_000,
}, async () => {
  for (
    const [fields, reason] of [
      ["image: ''", /image/],
      ["image: x\nvolumes: [data]", /volumes: data is not host:container/],
      ["image: x\nnetwork_mode: overlay", /network_mode/],
    ] as const
  ) {
    await assert.rejects(withEngine(fields, () => Promise.resolve()), reason);
  }
  await assert.rejects(
    withApplication(project("/x").replace("unix:///x", "ssh://host"), () => Promise.resolve()),
    /is no address of a Docker engine/,
  );
});
