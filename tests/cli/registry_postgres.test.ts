/** Versions in Postgres, from the command line: stopped and running nodes, servers that are not there. */
// services: postgres
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missing, serviceUrl } from "../services.ts";
import { inFolder, start, wippy } from "./wippy.ts";

const skip = missing("postgres");

function files(size: number, schema: string): Record<string, string> {
  return {
    ".wippy.yaml":
      `registry: {history_type: postgres, history_dsn: "\${env:HISTORY_DSN}", history_schema: ${schema}}\n`,
    "src/_index.yaml": definition(size),
  };
}

function definition(size: number): string {
  return `version: "1.0"\nnamespace: app\nentries:\n  - {name: settings, kind: registry.entry, size: ${size}}\n`;
}

const aSchema = (): string => `cli_${crypto.randomUUID().replaceAll("-", "")}`;
const env = { HISTORY_DSN: serviceUrl("postgres")?.href ?? "" };

test(
  "history, diff and rollback of a stopped application work with versions in Postgres [registry.config] [registry.history.storage] [config.registry.history] [config.registry.path]",
  { skip },
  async () => {
    await inFolder(files(1, aSchema()), async (cwd) => {
      const run = async () => {
        const running = start(["run"], { cwd, env });
        await running.until(/runtime ready/);
        running.signal("SIGINT");
        await running.ended;
      };
      await run();
      writeFileSync(join(cwd, "src/_index.yaml"), definition(2));
      await run();
      const history = await wippy(["registry", "history"], { cwd, env });
      assert.match(history.stdout, /^\* v1 [^]*^ {2}v0 /m, history.stderr);
      const diff = await wippy(["registry", "diff", "v0", "v1"], { cwd, env });
      assert.match(diff.stdout, /^v0 -> v1\n~ app:settings/);
      const back = await wippy(["registry", "rollback", "v0"], { cwd, env });
      assert.match(back.stdout, /^went from v1 to v0\n~ app:settings/, back.stderr);
      assert.match((await wippy(["registry", "show", "app:settings"], { cwd, env })).stdout, /size: 1\b/);
      assert.match((await wippy(["registry", "history"], { cwd, env })).stdout, /^\* v0 /m);
    });
  },
);

test(
  "a node that runs follows what is done to the history elsewhere [registry.history.storage]",
  { skip },
  async () => {
    const schema = aSchema();
    await inFolder(files(1, schema), (here) =>
      inFolder(files(2, schema), async (there) => {
        const running = start(["run"], { cwd: here, env });
        await running.until(/runtime ready/);
        const other = start(["run"], { cwd: there, env });
        await other.until(/runtime ready/);
        const sizeOf = async (cwd: string) => {
          const { stdout } = await wippy(["registry", "show", "app:settings", "--connect"], { cwd, env });
          return /size: (\d)/.exec(stdout)?.[1];
        };
        // The files of the second node made version 1.
        for (let tries = 0; await sizeOf(here) !== "2"; tries++) {
          assert(tries < 50, "the first node did not follow");
        }
        assert.match(
          (await wippy(["registry", "rollback", "v0"], { cwd: there, env })).stdout,
          /^went from v1 to v0/,
        );
        for (let tries = 0; await sizeOf(here) !== "1"; tries++) {
          assert(tries < 50, "it did not follow back");
        }
        const [a, b] = await Promise.all(
          [here, there].map((cwd) => wippy(["registry", "history", "--json"], { cwd, env })),
        );
        assert.deepEqual(JSON.parse(a!.stdout), JSON.parse(b!.stdout));
        running.signal("SIGINT");
        other.signal("SIGINT");
        await Promise.all([running.ended, other.ended]);
      }));
  },
);

test("a history that can't be opened is one error without credentials [registry.config] [config.registry.path]", async () => {
  await inFolder(files(1, "s"), async (cwd) => {
    const without = await wippy(["run"], { cwd, env: { HISTORY_DSN: "" } });
    assert.equal(without.code, 1);
    assert.match(without.stderr, /registry\.history_dsn: history_type postgres needs the DSN of a database/);
    for (
      const [dsn, pattern] of [
        [
          "postgres://me:s3cret@127.0.0.1:1/db",
          /registry history in 127\.0\.0\.1:1\/db, schema s, can't be opened: .*connection refused/,
        ],
        ["me:s3cret", /registry\.history_dsn: the DSN can't be used: it is neither/],
      ] as const
    ) {
      for (const words of [["run"], ["registry", "history"], ["registry", "rollback", "v0"]]) {
        const { code, stdout, stderr } = await wippy(words, { cwd, env: { HISTORY_DSN: dsn } });
        assert.equal(code, 1, words.join(" "));
        assert.match(stderr, pattern);
        assert.doesNotMatch(stdout + stderr, /s3cret/);
      }
    }
  });
});
