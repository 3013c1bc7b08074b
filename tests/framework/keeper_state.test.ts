/** `keeper/keeper`: files of the project, kept the same as entries, and their repository. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { errorOf, func, HELLO, keeper, named, SURROUNDINGS, withRoot } from "./keeper_project.ts";

const DEFINITIONS = `# The application.
version: "1.0"
namespace: app

entries:
  # What greets.
  - name: hello   # not changed in place
    kind: function.lua
    method: main
    source: file://hello.lua

  # Kept as it is, blanks and all.
  - name:   limit
    kind: registry.entry
    value:   3

  - name: other
    kind: registry.entry
    list: [1, 2]
`;

test("files and entries of managed namespaces are kept the same, both ways [keeper.managed]", async () => {
  const files = {
    "src/_index.yaml": DEFINITIONS,
    "src/hello.lua": 'return { main = function() return "hi" end }\n',
    "src/base/_index.yaml": JSON.stringify({
      version: "1.0",
      namespace: "base",
      entries: [
        { name: "gateway", kind: "http.service", addr: "127.0.0.1:0", lifecycle: { auto_start: true } },
        keeper({
          admin_scope: "base:admin",
          app_db: "base:db",
          env_storage: "base:envs",
          public_gateway: "base:gateway",
          ui_server: "base:gateway",
          api_router: "base:api",
          process_host: "base:processes",
        }),
        ...SURROUNDINGS,
        func(
          "tool",
          'return require("funcs").call("keeper.tools:" .. select(1, ...), select(2, ...) or {})',
          { modules: ["funcs"] },
        ),
        func("manage", 'assert(require("env").set("GOV_MANAGED_NAMESPACES", ...))', { modules: ["env"] }),
      ],
    }),
  };
  await withApplication(files, async (app) => {
    const tool = async (name: string, given: Record<string, unknown> = {}): Promise<ValueMap> =>
      await app.call("base:tool", name, given as ValueMap) as ValueMap;
    const text = (path: string): string => readFileSync(join(app.folder, path), "utf8");
    await assert.rejects(tool("state_status"), /no namespace is managed: set GOV_MANAGED_NAMESPACES/);
    await app.call("base:manage", "app");
    assert.deepEqual(await tool("state_status"), { managed: ["app"], in_sync: true, differences: [] });

    // A changed source alone touches no definition.
    await tool("registry_edit_source", { id: "app:hello", find: '"hi"', replace: '"hello"' });
    assert.deepEqual((await tool("state_status"))["differences"], [{ id: "app:hello", state: "changed" }]);
    assert.deepEqual(await tool("state_push"), { entries: ["app:hello"], files: ["/src/hello.lua"] });
    assert.equal(text("src/hello.lua"), 'return { main = function() return "hello" end }\n');
    assert.equal(text("src/_index.yaml"), DEFINITIONS);

    // Entries are changed, made and removed where they stand.
    await tool("registry_apply", {
      changes: [
        { op: "update", id: "app:other", data: { list: [1, 2, 3] } },
        {
          op: "create",
          id: "app:fresh",
          kind: "function.lua",
          meta: { comment: "new" },
          data: { method: "main", source: "return { main = function() return 1 end }" },
        },
        { op: "create", id: "app.deep.er:leaf", kind: "registry.entry", data: { name: "clashes" } },
        { op: "create", id: "elsewhere:x", kind: "registry.entry" },
      ],
    });
    const states = (await tool("state_status"))["differences"] as ValueMap[];
    assert.deepEqual(named(states), ["app.deep.er:leaf", "app:fresh", "app:other"]);
    await assert.rejects(
      tool("state_push", { ids: ["elsewhere:x"] }),
      /elsewhere:x is in no managed namespace/,
    );
    assert.deepEqual(await tool("state_push", { ids: ["app:other"] }), {
      entries: ["app:other"],
      files: ["/src/_index.yaml"],
    });
    const OTHER = "  - name: other\n    kind: registry.entry\n";
    assert.equal(
      text("src/_index.yaml"),
      DEFINITIONS.replace("    list: [1, 2]\n", "    list:\n      - 1\n      - 2\n      - 3\n"),
    );
    await tool("state_push");
    assert.equal(text("src/fresh.lua"), "return { main = function() return 1 end }");
    assert.match(
      text("src/_index.yaml"),
      /\n\n {2}- name: fresh\n {4}kind: function\.lua\n {4}meta:\n {6}comment: new\n {4}source: file:\/\/fresh\.lua\n/,
    );
    assert.match(
      text("src/deep/er/_index.yaml"),
      /namespace: app\.deep\.er\n\nentries:\n {2}- name: leaf\n {4}kind: registry\.entry\n {4}data:\n {6}name: clashes\n/,
    );
    assert.equal((await tool("state_status"))["in_sync"], true);

    await tool("registry_apply", { changes: [{ op: "delete", id: "app:limit" }] });
    await tool("state_push");
    assert.ok(!text("src/_index.yaml").includes("limit"));
    assert.match(text("src/_index.yaml"), /file:\/\/hello\.lua\n\n[\s\S]*- name: other/);

    // The other way.
    writeFileSync(
      join(app.folder, "src/hello.lua"),
      'return { main = function() return "from a file" end }\n',
    );
    writeFileSync(
      join(app.folder, "src/_index.yaml"),
      text("src/_index.yaml").replace(OTHER, "  - name: third\n    kind: registry.entry\n"),
    );
    const pulled = await tool("state_pull");
    assert.deepEqual(pulled["entries"], ["app:hello", "app:other", "app:third"]);
    assert.equal(await app.call("app:hello"), "from a file");
    assert.equal((await tool("state_status"))["in_sync"], true);
    assert.deepEqual(await tool("state_pull"), { entries: [] });
    assert.equal(app.application.registry.get("elsewhere:x")?.id, "elsewhere:x");
  });
});

test("a definition file that can't be changed piece by piece is left as it is [keeper.managed]", () =>
  withRoot([
    HELLO,
    func("manage", 'assert(require("env").set("GOV_MANAGED_NAMESPACES", ...))', { modules: ["env"] }),
  ], async (mcp, { call, folder }) => {
    await call("app:manage", "app other.place");
    const path = join(folder, "src/_index.yaml");
    const before = readFileSync(path, "utf8");
    await mcp.fine("registry_apply", {
      changes: [{ op: "update", id: "app:hello", meta: { comment: "x" } }],
    });
    assert.match(errorOf(await mcp.call("state_push")), /^Conflict: \/src\/_index\.yaml: .*by hand/);
    assert.equal(readFileSync(path, "utf8"), before);
    assert.deepEqual((await mcp.fine("state_status"))["managed"], ["app", "other.place"]);
  }));

/** Why tests of repositories can't run here. */
const noGit = spawnSync("git", ["--version"]).status === 0 ? false : "there is no git here";

test(
  "changes are looked at, committed and handed in on a branch [keeper.git]",
  { skip: noGit },
  () =>
    withRoot([HELLO], async (mcp, { folder }) => {
      assert.match(
        errorOf(await mcp.call("git_status")),
        /^Unavailable: git status: .*not a git repository/s,
      );
      const git = (...words: string[]): string =>
        execFileSync("git", words, { cwd: folder, encoding: "utf8" });
      git("init", "-q", "-b", "main");
      git("config", "user.name", "Test");
      git("config", "user.email", "test@localhost");
      writeFileSync(join(folder, ".gitignore"), "data.db*\n.wippy*\n");
      const committed = await mcp.fine("git_commit", {
        message: 'It\'s "quoted" \\ & $HOME',
        paths: ["src", ".gitignore"],
      });
      assert.equal(git("rev-parse", "HEAD").trim(), committed["commit"]);
      assert.equal(git("log", "-1", "--pretty=%s").trim(), 'It\'s "quoted" \\ & $HOME');
      const log = await mcp.call("git_log") as { text: string };
      assert.match(log.text, /^[0-9a-f]+\t\d{4}-\d\d-\d\dT\S+\tTest\tIt's "quoted"/);

      writeFileSync(join(folder, "notes.txt"), "one\n");
      git("add", "notes.txt");
      git("commit", "-qm", "notes");
      writeFileSync(join(folder, "notes.txt"), "two\n");
      assert.match((await mcp.call("git_status") as { text: string }).text, /^## main\n M notes\.txt\n/);
      assert.match(
        (await mcp.call("git_diff", { path: "notes.txt" }) as { text: string }).text,
        /\n-one\n\+two\n$/,
      );
      assert.match(errorOf(await mcp.call("git_propose", { branch: "-x", message: "m" })), /^Invalid/);
      const elsewhere = { branch: "x", message: "m", remote: "ext::sh -c id" };
      assert.match(errorOf(await mcp.call("git_propose", elsewhere)), /^Invalid: remote/);

      const origin = join(folder, ".wippy", "origin.git");
      git("init", "-q", "--bare", origin);
      git("remote", "add", "origin", origin);
      const proposed = await mcp.fine("git_propose", { branch: "better-notes", message: "Better notes" });
      assert.deepEqual([proposed["branch"], proposed["remote"]], ["better-notes", "origin"]);
      const pushed = execFileSync(
        "git",
        ["--git-dir", origin, "log", "-1", "--pretty=%H %s", "better-notes"],
        {
          encoding: "utf8",
        },
      );
      assert.equal(pushed.trim(), `${proposed["commit"]} Better notes`);
      assert.equal(git("status", "--porcelain"), "");
      assert.match(errorOf(await mcp.call("git_commit", { message: "nothing" })), /nothing to commit/);
    }),
);

test("the folder of the project is where its tools work, wherever the program was started [keeper.git]", {
  skip: noGit,
}, () =>
  withRoot([], async (mcp, { folder }) => {
    assert.ok(!existsSync(join(folder, ".git")));
    assert.match(errorOf(await mcp.call("git_log")), /not a git repository/);
  }));
