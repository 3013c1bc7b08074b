/** `keeper/keeper`: tokens of programs, and who may make them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { func, named, withKeeper } from "./keeper_project.ts";

const TOKEN = /^wkmcp_[0-9a-f]{64}$/;
const SQL = func(
  "sql",
  `local sql = require("sql") local db = assert(sql.get("app:db")) local rows = assert(db:query(...)) db:release() return rows`,
  { modules: ["sql"] },
);

test("a token is shown once and kept as its SHA-256, bound to who made it [keeper.dep] [keeper.token.create] [keeper.token.form]", () =>
  withKeeper([SQL], async ({ ask, call }) => {
    const { status, body } = await ask("POST", "/mcp/tokens", { label: "claude-dev", preset: "developer" });
    assert.deepEqual([status, body["success"]], [201, true]);
    const made = body["token"] as ValueMap;
    const text = made["token"] as string;
    assert.match(text, TOKEN);
    assert.deepEqual([made["label"], made["preset"], made["access_mode"], made["actor_id"]], [
      "claude-dev",
      "developer",
      "any",
      "ada",
    ]);

    const [row] = await call("app:sql", "SELECT * FROM keeper_tokens") as ValueMap[];
    assert.equal(row!["hash"], createHash("sha256").update(text).digest("hex"));
    assert.ok(!JSON.stringify(row).includes(text.slice(6)));
    assert.deepEqual(JSON.parse(row!["actor_meta"] as string), { role: "tester" });
    const listed = await ask("GET", "/mcp/tokens");
    assert.deepEqual(named(listed.body["tokens"], "label"), ["claude-dev"]);
    assert.ok(!JSON.stringify(listed.body).includes("wkmcp_"));

    const own = await ask("POST", "/mcp/tokens", {
      label: "own",
      scopes: ["registry.read", "git.*"],
      access_mode: "traits",
      expires_in: "1h",
    });
    const token = own.body["token"] as ValueMap;
    assert.deepEqual([token["scopes"], token["access_mode"], token["preset"]], [
      ["registry.read", "git.*"],
      "traits",
      undefined,
    ]);
    const left = (token["expires_at"] as number) - (token["created_at"] as number);
    assert.ok(Math.abs(left - 3_600_000) < 5000);
    assert.notEqual(token["token"], text);
  }));

test("only administrators make and see tokens; others hear why not [keeper.token.create] [keeper.dep]", () =>
  withKeeper([], async ({ ask, login }) => {
    const reader = await login("rea", "app:readers");
    const seer = await login("sia", "app:seers");
    const none = await login("ned", "app:sleepers");
    for (
      const [method, path] of [["POST", "/mcp/tokens"], ["GET", "/mcp/tokens"], [
        "POST",
        "/mcp/tokens/revoke",
      ], [
        "GET",
        "/mcp/scopes",
      ], ["POST", "/tools/call"]] as const
    ) {
      const given = method === "POST" ? { label: "x", preset: "root" } : undefined;
      const anonymous = await ask(method, path, given, "");
      assert.deepEqual([anonymous.status, anonymous.body["success"]], [401, false], path);
      assert.match(anonymous.body["error"] as string, /log in as an administrator/);
      const other = await ask(method, path, given, reader);
      assert.equal(other.status, 403, path + JSON.stringify(other.body));
      assert.match(other.body["error"] as string, /rea may not even open the group app:admin/);
      const stranger = await ask(method, path, given, none);
      assert.equal(stranger.status, 403, path);
      assert.match(stranger.body["error"] as string, /ned may not even read keeper:admin_scope/);
      const near = await ask(method, path, given, seer);
      assert.equal(near.status, 403, path);
      assert.match(near.body["error"] as string, /sia does not hold app:everything/);
    }
    assert.deepEqual((await ask("GET", "/mcp/tokens")).body["tokens"], []);
  }));

test("what a page of another site has a browser send with its cookies is refused [keeper.token.create]", () =>
  withKeeper([], async ({ base, get, login }) => {
    const token = await login();
    const send = async (headers: Record<string, string>): Promise<number> => {
      const body = '{"label": "x", "preset": "root"}';
      return (await get("/api/v1/keeper/mcp/tokens", { method: "POST", body, headers })).status;
    };
    const Cookie = `x-auth-token=${token}`;
    assert.equal(await send({ Cookie, Origin: "https://evil.example" }), 403);
    assert.equal(await send({ Cookie, Origin: "null" }), 403);
    assert.equal(await send({ Cookie, Origin: base }), 201);
    assert.equal(await send({ Cookie }), 201);
    assert.equal(await send({ Authorization: `Bearer ${token}`, Origin: "https://front.example" }), 201);
    const call = {
      method: "POST",
      headers: { Cookie, Origin: "https://evil.example" },
      body: '{"tool": "env_read"}',
    };
    assert.equal((await get("/api/v1/keeper/tools/call", call)).status, 403);
  }));

test("a request for a token that makes no sense says what is wrong with it [keeper.token.create]", () =>
  withKeeper([], async ({ ask }) => {
    for (
      const [given, wrong] of [
        ["{", /the body is no JSON/],
        [[], /label/],
        [{ preset: "root" }, /label: a text of 1 to 100 bytes is expected/],
        [{ label: "x".repeat(101), preset: "root" }, /label/],
        [{ label: "x" }, /needs a preset, or scopes/],
        [{ label: "x", scopes: [] }, /needs a preset, or scopes/],
        [{ label: "x", preset: "god" }, /there is no god, but root, developer, wippy_operator/],
        [{ label: "x", scopes: ["registry.raed"] }, /scopes: there is no registry.raed/],
        [{ label: "x", scopes: ["regis.*"] }, /scopes: there is no regis/],
        [{ label: "x", scopes: [1] }, /scopes: there is no 1/],
        [
          { label: "x", preset: "root", access_mode: "some" },
          /access_mode: any, traits, tools_only, not some/,
        ],
        [{ label: "x", preset: "root", expires_in: "soon" }, /expires_in/],
        [{ label: "x", preset: "root", expires_in: "-1h" }, /expires_in/],
      ] as const
    ) {
      const { status, body } = await ask("POST", "/mcp/tokens", given);
      assert.equal(status, 400, JSON.stringify(given));
      assert.match(body["error"] as string, wrong);
    }
  }));

test("without a group of administrators nobody is one, and the answer says what to do [keeper.dep]", () =>
  withKeeper([], async ({ ask }) => {
    const { status, body } = await ask("GET", "/mcp/scopes");
    assert.equal(status, 404, JSON.stringify(body));
    assert.match(body["error"] as string, /app:nobody/);
  }, { parameters: { admin_scope: "app:nobody" } }));

test("scopes and presets are listed, those of the application's own tools as well [keeper.token.scopes] [keeper.presets] [keeper.scopes]", () =>
  withKeeper([
    func("weigh", "return 1", { meta: { type: "tool", mcp: { scopes: ["scales.use"] } } }),
    func("plain", "return 1", { meta: { type: "tool" } }),
  ], async ({ ask }) => {
    const { status, body } = await ask("GET", "/mcp/scopes");
    assert.equal(status, 200);
    assert.deepEqual(named(body["presets"], "name"), [
      "root",
      "developer",
      "wippy_operator",
      "observer",
      "knowledge_manager",
      "explorer_tools_only",
    ]);
    assert.deepEqual(body["access_modes"], ["any", "traits", "tools_only"]);
    const families = new Set(named(body["scopes"], "family"));
    for (
      const family of [
        "registry",
        "state",
        "hub",
        "knowledge",
        "git",
        "components",
        "tasks",
        "agents",
        "tests",
        "logger",
        "env",
        "functions",
        "app",
        "mcp",
        "scales",
      ]
    ) assert.ok(families.has(family), family);
    const names = named(body["scopes"], "name");
    for (
      const name of ["registry.read", "state.write", "git.pr", "tasks.run", "knowledge.read", "tests.run"]
    ) {
      assert.ok(names.includes(name), name);
    }
    assert.equal((await ask("POST", "/mcp/tokens", { label: "own", scopes: ["scales.use"] })).status, 201);
  }));

test("a revoked token opens nothing, nor does one that is over [keeper.token.revoke]", () =>
  withKeeper([], async ({ ask, base, connect, mint, until }) => {
    const text = await mint({ preset: "observer", label: "first" });
    const first = await connect(text);
    assert.equal((await first.fine("session_info"))["label"], "first");
    const listed = await ask("GET", "/mcp/tokens");
    const [id] = named(listed.body["tokens"]);
    assert.deepEqual(await ask("POST", "/mcp/tokens/revoke", { id }), {
      status: 200,
      body: { success: true },
    });
    await assert.rejects(first.call("session_info"), /unknown, revoked or expired/);
    await assert.rejects(connect(text), /unknown, revoked or expired/);

    const again = await ask("POST", "/mcp/tokens/revoke", { id });
    assert.equal(again.status, 404);
    assert.match(again.body["error"] as string, /there is no token .* to revoke/);
    assert.equal((await ask("POST", "/mcp/tokens/revoke", { id: 1 })).status, 400);

    const brief = await mint({ preset: "observer", expires_in: "1ms" });
    const over = async (): Promise<boolean> =>
      (await fetch(`${base}/keeper-mcp/`, { method: "POST", headers: { Authorization: `Bearer ${brief}` } }))
        .status === 401;
    await until(over, "the end of a token");
  }));
