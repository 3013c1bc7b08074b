/** What an application keeps of its Lua between runs: when, where, and that nobody can slip anything in. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, wippy } from "./wippy.ts";

const CACHE = ".wippy/cache/lua";
const MAGIC_BYTES = "wippy lua cache 1\n".length;
const BODY_AT = MAGIC_BYTES + 32;

/** A function whose answer shows which code ran, and one whose types do not fit. */
const PROJECT = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: told
    kind: library.lua
    source: file://told.lua
  - name: main
    kind: function.lua
    source: file://main.lua
    method: main
    imports: { told: told }
`,
  "src/told.lua": `type Told = {text: string}\nreturn { text = "first answer", Told = Told }\n`,
  "src/main.lua": `local told = require("told")
type Kept = {text: string}
return { main = function()
  local value, err = Kept({ text = told.text })
  return value.text
end }
`,
};

const WRONG = {
  "src/main.lua":
    `local told = require("told")\nlocal count: number = "no number"\nreturn { main = function() return count end, told = told }\n`,
};

/** Runs of one project with an account of its own. */
function runner(cwd: string): (sets?: readonly string[]) => Promise<{ stdout: string; stderr: string }> {
  return async (sets = ["lua.cache.enabled=true"]) => {
    const flags = sets.flatMap((set) => ["--set", set]);
    const env = { WIPPY_CACHE_DIR: join(cwd, "account") };
    const { code, stderr, stdout } = await wippy(["call", "app:main", ...flags], { cwd, env });
    assert.equal(code, 0, stderr);
    return { stdout, stderr };
  };
}

function filesOf(cwd: string, folder = CACHE): string[] {
  return existsSync(join(cwd, folder))
    ? readdirSync(join(cwd, folder)).filter((name) => name.endsWith(".bin")).sort()
    : [];
}

/** Replaces text in a cache file by another of the same length; signed again with the account's secret, or not. */
function forge(cwd: string, from: string, to: string, isSigned: boolean, file = "compile.bin"): void {
  assert.equal(from.length, to.length);
  const path = join(cwd, CACHE, file);
  const bytes = readFileSync(path);
  const text = bytes.toString("latin1");
  assert.ok(text.includes(from), `${file} holds ${from}`);
  const changed = Buffer.from(text.replaceAll(from, to), "latin1");
  if (isSigned) {
    const secret = readFileSync(join(cwd, "account/lua-cache.key"));
    createHmac("sha256", secret).update(changed.subarray(BODY_AT)).digest().copy(changed, MAGIC_BYTES);
  }
  writeFileSync(path, changed);
}

test("compiled Lua is kept between runs when the cache is enabled, where and how the configuration says [types.config.cache] [config.lua.cache]", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const run = runner(cwd);
    await run([]);
    assert.deepEqual(filesOf(cwd), [], "off by default");
    await run(["lua.cache.enabled=true", "lua.cache.mode=off"]);
    await run(["lua.cache.enabled=true", "lua.cache.mode=readonly"]);
    await run(["lua.cache.enabled=true", "lua.cache.compile.enabled=false"]);
    assert.deepEqual(filesOf(cwd), [], "nor with mode off, mode readonly, or the part off");
    assert.ok(!existsSync(join(cwd, "account/lua-cache.key")), "no secret is made when nothing is written");

    assert.equal((await run()).stdout, '"first answer"\n');
    assert.deepEqual(filesOf(cwd), ["compile.bin"]);
    await run(["lua.cache.enabled=true", "lua.cache.dir=elsewhere/lua"]);
    assert.deepEqual(filesOf(cwd, "elsewhere/lua"), ["compile.bin"], "relative to the project");
    if (process.platform !== "win32") {
      assert.equal(statSync(join(cwd, CACHE, "compile.bin")).mode & 0o777, 0o600);
      assert.equal(statSync(join(cwd, "account/lua-cache.key")).mode & 0o777, 0o600);
    }

    // What is kept is what runs: only a file signed with the account's secret can tell.
    forge(cwd, "first answer", "other answer", true);
    const written = readFileSync(join(cwd, CACHE, "compile.bin"));
    assert.equal((await run()).stdout, '"other answer"\n');
    assert.equal(
      (await run(["lua.cache.enabled=true", "lua.cache.mode=readonly"])).stdout,
      '"other answer"\n',
    );
    assert.equal((await run(["lua.cache.enabled=true", "lua.cache.mode=off"])).stdout, '"first answer"\n');
    assert.equal(
      (await run(["lua.cache.enabled=true", "lua.cache.compile.enabled=false"])).stdout,
      '"first answer"\n',
    );
    assert.equal((await run([])).stdout, '"first answer"\n');

    // A source that changed is another one; readonly does not keep it.
    writeFileSync(join(cwd, "src/told.lua"), 'return { text = "newer answer" }\n');
    assert.equal(
      (await run(["lua.cache.enabled=true", "lua.cache.mode=readonly"])).stdout,
      '"newer answer"\n',
    );
    assert.deepEqual(readFileSync(join(cwd, CACHE, "compile.bin")), written);
    assert.equal((await run()).stdout, '"newer answer"\n');
    assert.ok(readFileSync(join(cwd, CACHE, "compile.bin"), "latin1").includes("newer answer"));
  });
});

test("a cache file that is forged, cut off, broken or of another account is an empty one [types.config.cache]", async () => {
  await inFolder(PROJECT, async (cwd) => {
    const run = runner(cwd);
    const path = join(cwd, CACHE, "compile.bin");
    await run();
    const good = readFileSync(path);
    forge(cwd, "first answer", "other answer", false);
    assert.equal((await run()).stdout, '"first answer"\n');
    assert.deepEqual(readFileSync(path).length, good.length, "and is written again");
    for (const length of [0, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length));
      assert.equal((await run()).stdout, '"first answer"\n', `cut off after ${length} bytes`);
    }
    writeFileSync(path, Buffer.alloc(4096, 0xff));
    assert.equal((await run()).stdout, '"first answer"\n');

    // Signed by somebody else, as a repository might bring it along.
    forge(cwd, "first answer", "other answer", true);
    rmSync(join(cwd, "account"), { recursive: true });
    assert.equal((await run()).stdout, '"first answer"\n');
    writeFileSync(join(cwd, "account/lua-cache.key"), "short");
    assert.equal((await run()).stdout, '"first answer"\n');
  });
});

test("a cache that can't be written is told of, and nothing else happens [types.config.cache]", async () => {
  await inFolder({ ...PROJECT, blocked: "a file" }, async (cwd) => {
    const flags = ["--set", "lua.cache.enabled=true"];
    const env = { WIPPY_CACHE_DIR: join(cwd, "account") };
    const call = async (more: readonly string[], used: Record<string, string> = env): Promise<string> => {
      const { code, stderr, stdout } = await wippy(["call", "app:main", ...flags, ...more], {
        cwd,
        env: used,
      });
      assert.deepEqual([code, stdout], [0, '"first answer"\n'], stderr);
      return stderr;
    };
    assert.match(await call(["--set", "lua.cache.dir=blocked/lua"]), /the cache can't be written.*blocked/);
    const homeless = { WIPPY_CACHE_DIR: "", HOME: "", USERPROFILE: "" };
    assert.match(await call([], homeless), /the cache can't be written.*WIPPY_CACHE_DIR/);
    assert.deepEqual(filesOf(cwd), []);
    assert.equal(await call([]), "");
  });
});

test("findings about types are kept between runs [types.config.cache] [config.lua.cache]", async () => {
  await inFolder({ ...PROJECT, ...WRONG }, async (cwd) => {
    const run = runner(cwd);
    const sets = ["lua.cache.enabled=true", "lua.type_system.enabled=true"];
    const warned = async (more: readonly string[] = []): Promise<string> =>
      (await run([...sets, ...more])).stderr;
    assert.match(await warned(["lua.cache.typecheck.enabled=false"]), /string not assignable to number/);
    assert.deepEqual(filesOf(cwd), ["compile.bin"]);
    assert.match(await warned(), /string not assignable to number/);
    assert.deepEqual(filesOf(cwd), ["compile.bin", "typecheck.bin"]);
    forge(cwd, "not assignable", "NOT ASSIGNABLE", true, "typecheck.bin");
    assert.match(await warned(), /string NOT ASSIGNABLE to number/);
    assert.match(await warned(["lua.cache.typecheck.enabled=false"]), /string not assignable to number/);
    // An import is part of what the findings depend on.
    writeFileSync(join(cwd, "src/told.lua"), "return { text = 2 }\n");
    assert.doesNotMatch(await warned(), /NOT ASSIGNABLE/, "imports count");
  });
});
