/** `wippy registry`: entries and versions of applications that run and that do not. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TOOLS } from "./applications.ts";
import { assertSnapshot, inFolder, start, wippy } from "./wippy.ts";

test("entries are listed as a table, JSON and YAML [cli.registry.list] [registry.cli.list]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["registry", "list"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assertSnapshot("registry_list", stdout);
    const some = await wippy(["registry", "list", "-k", "function.*", "--json"], { cwd });
    assert.deepEqual(JSON.parse(some.stdout).map(({ id }: { id: string }) => id), ["app:add", "app:tell"]);
    const yaml = await wippy(["registry", "list", "-n", "app", "--name", "a*", "--yaml"], { cwd });
    assert.match(yaml.stdout, /^- id: app:add\n {2}kind: function\.lua\n/);
    assert.equal((await wippy(["registry", "list", "--kind", "x"], { cwd })).stdout, "No entries found.\n");
  });
});

test("metadata filters work on the command line [cli.registry.list.meta] [registry.cli.meta]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const ids = async (...filters: string[]): Promise<string[]> => {
      const flags = filters.flatMap((filter) => ["--meta", filter]);
      const { stdout } = await wippy(["registry", "list", "--json", ...flags], { cwd });
      return JSON.parse(stdout).map(({ id }: { id: string }) => id);
    };
    assert.deepEqual(await ids("command.name=echo"), ["app:echo"]);
    assert.deepEqual(await ids("command.short*the", "command.main=true"), ["app:leaves"]);
    assert.deepEqual(await ids("command.name~^(echo|fails)$"), ["app:echo", "app:fails"]);
    assert.equal((await wippy(["registry", "list", "--meta", "x"], { cwd })).code, 2);
  });
});

test("profiles and --set shape what is listed [cli.registry.list] [config.profiles.commands]", async () => {
  const config = "profiles: {bare: {disable: {namespaces: [app]}}}";
  await inFolder({ ...TOOLS, ".wippy.yaml": config }, async (cwd) => {
    assert.equal(
      (await wippy(["registry", "list", "--profile", "bare"], { cwd })).stdout,
      "No entries found.\n",
    );
    const set = await wippy(["registry", "list", "--set", "disable.namespaces=app"], { cwd });
    assert.equal(set.stdout, "No entries found.\n");
  });
});

test("another lock file, profiles and --set decide what is listed and shown [cli.registry.list] [cli.registry.show]", async () => {
  const other = "namespace: other\nentries:\n  - {name: only, kind: registry.entry, size: 1}\n";
  const files = {
    ...TOOLS,
    "code/_index.yaml": other,
    "own.lock": "directories:\n  src: ./code\n",
    ".wippy.yaml": "profiles: {large: {override: {'other:only:size': 9}}}",
  };
  await inFolder(files, async (cwd) => {
    for (const flag of ["-l", "--lock-file"]) {
      const listed = await wippy(["registry", "list", flag, "own.lock", "--json"], { cwd });
      assert.deepEqual(JSON.parse(listed.stdout).map(({ id }: { id: string }) => id), ["other:only"]);
    }
    const size = async (...flags: string[]): Promise<string> =>
      (await wippy(["registry", "show", "other:only", "-f", "size", "-l", "own.lock", ...flags], { cwd }))
        .stdout;
    assert.equal(await size(), "1\n");
    assert.equal(await size("--profile", "large"), "9\n");
    const gone = await wippy(
      ["registry", "show", "other:only", "-l", "own.lock", "--set", "disable.namespaces=other"],
      { cwd },
    );
    assert.match(gone.stderr, /entry not found: other:only/);
  });
});

test("one entry is shown, whole or a field [cli.registry.show] [registry.cli.show]", async () => {
  const files = {
    "src/_index.yaml": `namespace: app
entries:
  - name: http:handler
    kind: registry.entry
    meta: {title: Handler}
    text: |
      two
      lines
    size: 3
`,
  };
  await inFolder(files, async (cwd) => {
    const show = async (...flags: string[]): Promise<string> =>
      (await wippy(["registry", "show", "app:http:handler", ...flags], { cwd })).stdout;
    assert.match(
      await show(),
      /^# src\/_index\.yaml:3\nid: app:http:handler\nkind: registry\.entry\nmeta:\n {2}title: Handler\n/,
    );
    assert.match(await show("--yaml"), /^id: app:http:handler\n/);
    assert.deepEqual(JSON.parse(await show("--json")), {
      id: "app:http:handler",
      kind: "registry.entry",
      meta: { title: "Handler" },
      data: { text: "two\nlines\n", size: 3 },
    });
    assert.equal(await show("-f", "kind", "--raw"), "registry.entry\n");
    assert.equal(await show("--field", "meta.title", "--json"), '"Handler"\n');
    assert.equal(await show("-f", "text", "--raw"), "two\nlines\n");
    assert.equal(await show("-f", "data.size"), "3\n");
    const missing = await wippy(["registry", "show", "app:http:handlr"], { cwd });
    assert.deepEqual([missing.code, missing.stdout], [1, ""]);
    assert.equal(
      missing.stderr,
      "error (NotFound): entry not found: app:http:handlr; did you mean app:http:handler?\n",
    );
    const bare = await wippy(["registry", "show", "http:handler"], { cwd });
    assert.match(
      bare.stderr,
      /^error \(NotFound\): entry not found: http:handler; did you mean app:http:handler\?$/m,
    );
    const field = await wippy(["registry", "show", "app:http:handler", "-f", "nope"], { cwd });
    assert.deepEqual([field.code, field.stderr], [
      1,
      "error (NotFound): app:http:handler has no field nope\n",
    ]);
  });
});

function definition(size: number, more = ""): string {
  return `namespace: app
entries:
  - name: terminal
    kind: terminal.host
  - name: box
    kind: registry.entry
    size: ${size}
    text: |
      first
      ${size}
      last
  - name: show
    kind: process.lua
    meta: {command: {name: show}}
    modules: [io, registry]
    method: main
    source: |
      return { main = function()
        require("io").print(require("registry").get("app:box").data.size)
        return 0
      end }
${more}`;
}

const KEPT = { ".wippy.yaml": "registry: {history_type: sqlite}\n" };

/** A project whose files have changed twice, each time followed by a run. */
async function withVersions(body: (cwd: string) => Promise<void>): Promise<void> {
  await inFolder({ ...KEPT, "src/_index.yaml": definition(1) }, async (cwd) => {
    const texts = [
      definition(1),
      definition(2),
      definition(2, "  - {name: more, kind: registry.entry}\n").replace(
        "kind: terminal.host",
        "kind: terminal.host\n    hide_logs: true",
      ),
    ];
    for (const text of texts) {
      writeFileSync(join(cwd, "src/_index.yaml"), text);
      const { code, stderr } = await wippy(["run", "show"], { cwd });
      assert.equal(code, 0, stderr);
    }
    await body(cwd);
  });
}

test("versions that were stored are listed, compared and rolled back to without a running application", async () => {
  await withVersions(async (cwd) => {
    const history = await wippy(["registry", "history"], { cwd });
    assert.equal(history.code, 0, history.stderr);
    assertSnapshot("registry_history", history.stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>"));
    const json = JSON.parse((await wippy(["registry", "history", "--json", "--limit", "1"], { cwd })).stdout);
    assert.equal(json.length, 1);
    assert.deepEqual([json[0].version, json[0].parent, json[0].current], ["v2", "v1", true]);

    assertSnapshot("registry_diff", (await wippy(["registry", "diff", "v0", "v2"], { cwd })).stdout);
    assert.match((await wippy(["registry", "diff"], { cwd })).stdout, /^v1 -> v2\n/);
    assert.match(
      (await wippy(["registry", "diff", "1", "1"], { cwd })).stdout,
      /^v1 -> v1\nNo difference\.\n$/,
    );
    const changes = JSON.parse((await wippy(["registry", "diff", "v0", "v1", "--json"], { cwd })).stdout);
    assert.equal(changes[0].kind, "entry.update");
    assert.equal(changes[0].original.data.size, 1);

    const dry = await wippy(["registry", "rollback", "v0", "--dry-run"], { cwd });
    assert.match(dry.stdout, /^would go from v2 to v0\n/);
    assert.equal((await wippy(["run", "show"], { cwd })).stdout, "2\n");
    const rolled = await wippy(["registry", "rollback", "v0"], { cwd });
    assert.equal(rolled.code, 0, rolled.stderr);
    assert.match(rolled.stdout, /^went from v2 to v0\n/);
    assert.equal((await wippy(["run", "show"], { cwd })).stdout, "1\n");
    assert.match((await wippy(["registry", "history"], { cwd })).stdout, /^\* v0 /m);
    assert.match((await wippy(["registry", "rollback", "v2"], { cwd })).stdout, /^went from v0 to v2\n/);
    assert.equal((await wippy(["run", "show"], { cwd })).stdout, "2\n");
  });
});

test("a running application is asked for its versions and rolls back at once", async () => {
  await withVersions(async (cwd) => {
    const running = start(["run"], { cwd });
    await running.until(/runtime ready/);
    assert.match((await wippy(["registry", "history"], { cwd })).stdout, /^\* v2 /m);
    assert.match(
      (await wippy(["registry", "diff", "v1"], { cwd })).stdout,
      /^v1 -> v2\n[^]*\+ app:more {2}registry\.entry/,
    );
    assert.match(
      (await wippy(["registry", "list", "--connect", "--name", "more"], { cwd })).stdout,
      /app:more/,
    );
    assert.match(
      (await wippy(["registry", "rollback", "v1"], { cwd })).stdout,
      /^went from v2 to v1\n[^]*- app:more/,
    );
    assert.equal(
      (await wippy(["registry", "list", "--connect", "--name", "more"], { cwd })).stdout,
      "No entries found.\n",
    );
    const show = await wippy(["registry", "show", "app:more", "--connect"], { cwd });
    assert.equal(show.code, 1);
    const missing = await wippy(["registry", "rollback", "v9"], { cwd });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /version v9 not found; wippy registry history/);
    running.signal("SIGINT");
    await running.ended;
  });
});

test("an application that runs takes over what its files say now, whole or not at all", async () => {
  await inFolder({ "src/_index.yaml": definition(1) }, async (cwd) => {
    const file = join(cwd, "src/_index.yaml");
    const reload = (...words: string[]) => wippy(["registry", "reload", ...words], { cwd });
    const nobody = await reload();
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no application runs in .*; start it with wippy run/);

    const running = start(["run"], { cwd });
    await running.until(/runtime ready/);
    assert.equal((await reload()).stdout, "the files say nothing new; v0 is the current version\n");
    writeFileSync(file, definition(2));
    const { code, stdout, stderr } = await reload();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^went from v0 to v1\n~ app:/);
    const diff = JSON.parse((await wippy(["registry", "diff", "v0", "v1", "--json"], { cwd })).stdout);
    assert.ok(diff.length > 0);

    // What is wrong is told as at a start, and changes nothing.
    writeFileSync(file, `${definition(3)}  - {name: odd, kind: function.lua}\n`);
    const wrong = await reload();
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^error \(Invalid\): src\/_index\.yaml:\d+: app:odd: /);
    writeFileSync(file, "entries: [");
    assert.match((await reload()).stderr, /^error \(Invalid\): src\/_index\.yaml:1: malformed YAML/);
    writeFileSync(file, definition(2));
    assert.deepEqual(JSON.parse((await reload("--json")).stdout), {
      from: "v1",
      to: "v1",
      changes: [],
      restarted: [],
      stale: [],
    });
    running.signal("SIGINT");
    assert.equal((await running.ended).code, 0);
  });
});

test("what can't be is said: no history, no version", async () => {
  await inFolder({ "src/_index.yaml": definition(1) }, async (cwd) => {
    const rollback = await wippy(["registry", "rollback", "v0"], { cwd });
    assert.equal(rollback.code, 1);
    assert.match(rollback.stderr, /no versions are kept; set it to sqlite or postgres in \.wippy\.yaml/);
    assert.match((await wippy(["registry", "history"], { cwd })).stdout, /^\* v0 /m);
    for (const words of [["rollback"], ["rollback", "latest"], ["diff", "x"], ["history", "--limit", "x"]]) {
      assert.equal((await wippy(["registry", ...words], { cwd })).code, 2, words.join(" "));
    }
  });
});
