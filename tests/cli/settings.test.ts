/** Settings whose effect, or whose lack of one, the command line shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommandEnd, inFolder, wippy } from "./wippy.ts";

const PROJECT = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: main
    kind: function.lua
    method: main
    source: "return { main = function() return 42 end }"
`,
};

async function called(settings: string): Promise<CommandEnd> {
  const files = { ...PROJECT, ".wippy.yaml": settings };
  let end: CommandEnd | undefined;
  await inFolder(files, async (cwd) => {
    end = await wippy(["call", "app:main"], { cwd });
  });
  return end!;
}

test("a setting that has no effect here is told by its name, and the program runs [config.extensions]", async () => {
  const { code, stdout, stderr } = await called(`supervisor: {host: {buffer_size: 2048}}
dispatcher: {http: {idle_conn_timeout: 10s, max_clients: 4}}
extensions: {paths: [./extensions/plugin.so]}
metrics: {buffer: {size: 20000}}
network_service: {state_dir: /var/lib/net}
`);
  assert.deepEqual([code, stdout.trim()], [0, "42"]);
  const told = stderr.split("\n").flatMap((line) => /([a-z_.]+) has no effect: /.exec(line)?.[1] ?? []);
  assert.deepEqual(told, [
    "supervisor.host.buffer_size",
    "dispatcher.http.idle_conn_timeout",
    "dispatcher.http.max_clients",
    "extensions.paths",
    "metrics.buffer.size",
    "network_service.state_dir",
  ]);
});

test("defaults, and what is switched off, are not worth a word", async () => {
  const { code, stderr } = await called(`supervisor: {host: {buffer_size: 1024}}
dispatcher: {http: {timeout: 30s, max_idle_conns: 8, max_idle_per_host: 2, max_clients: 0}}
extensions: {enabled: false, paths: [./extensions/plugin.so]}
metrics: {buffer: {size: 10000}}
network_service: {state_dir: .wippy/net}
`);
  assert.deepEqual([code, stderr], [0, ""]);
});

test("install and update name the hub that is configured; the environment and the flag go before it [config.modules] [cli.env.registry]", async () => {
  const files = {
    ...PROJECT,
    "wippy.lock":
      "directories: {modules: .wippy, src: ./src}\nmodules:\n  - {name: acme/http, version: v1.0.0}\n",
    ".wippy.yaml": "modules: {registry_url: 'https://hub.example.com/'}\n",
  };
  await inFolder(files, async (cwd) => {
    const failed = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
      const { code, stderr } = await wippy(args, { cwd, env });
      assert.equal(code, 1, stderr);
      return stderr;
    };
    for (const command of ["install", "update"]) {
      assert.match(await failed([command]), /the hub https:\/\/hub\.example\.com can't be asked/);
    }
    const env = { WIPPY_REGISTRY: "https://hub.other.org" };
    assert.match(await failed(["install"], env), /the hub https:\/\/hub\.other\.org can't be asked/);
    assert.match(
      await failed(["install", "--registry", "https://third.example.com"], env),
      /the hub https:\/\/third\.example\.com can't be asked/,
    );
    assert.match(
      await failed(["install", "--registry", "hub"]),
      /registry must be an https URL: hub/,
    );
  });
});
