/** Installing a release: what somebody meets who has nothing but a shell. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { test } from "node:test";
import { writeRelease } from "../../scripts/release.ts";
import { commandLine, inFolder } from "../cli/wippy.ts";
import { ask } from "./application.ts";

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";
/** The file for the machine of the tests. */
const FILE = `wippy-${process.platform}-${process.arch}`;

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function begin(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string>; input?: string },
): { child: ChildProcess; ended: Promise<End>; until(pattern: RegExp): Promise<RegExpExecArray> } {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => stdout += text);
  child.stderr.on("data", (text) => stderr += text);
  child.stdin.end(options.input ?? "");
  const ended = new Promise<End>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(stdout + stderr);
      if (match !== null) return match;
      assert.equal(child.exitCode, null, `ended before ${pattern}:\n${stdout}${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { child, ended, until };
}

/** Runs `body` with a release of the binary on a server of its own. */
async function withRelease(
  body: (release: { folder: string; home: string; url: string }) => Promise<void>,
): Promise<void> {
  await inFolder({}, async (root) => {
    const folder = join(root, "release");
    const home = join(root, "home");
    mkdirSync(folder);
    mkdirSync(home);
    symlinkSync(commandLine()[0], join(folder, FILE));
    const server = createServer((request, response) => {
      const path = join(folder, basename(request.url!));
      if (existsSync(path)) createReadStream(path).pipe(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    try {
      assert.deepEqual(await writeRelease(folder, url), [FILE]);
      await body({ folder, home, url });
    } finally {
      server.close();
    }
  });
}

/** Files below a folder; none when there is no folder. */
function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
}

const skip = process.env["WIPPY_BINARY"] ? false : "WIPPY_BINARY names no binary";

test("one line installs the program, and a fresh project runs with nothing else there [cli.global.install]", {
  skip,
}, async () => {
  await withRelease(async ({ home, url }) => {
    const install = await begin("sh", ["-c", `curl -fsSL ${url}/install.sh | sh`], {
      cwd: home,
      env: { HOME: home, PATH: SYSTEM_PATH },
    }).ended;
    assert.deepEqual([install.code, install.stderr], [0, ""]);
    const bin = join(home, ".local/bin");
    assert.match(install.stdout, /^wippy \d+\.\d+\.\d+/);
    assert.ok(install.stdout.includes(`\ninstalled: ${bin}/wippy\n`), install.stdout);
    assert.ok(install.stdout.includes(`\n  export PATH="${bin}:$PATH"\n`), install.stdout);
    assert.deepEqual(filesBelow(bin), ["wippy"]);

    // From here on the PATH has the program and nothing else.
    const cwd = join(home, "project");
    mkdirSync(cwd);
    const env = { HOME: home, PATH: bin };
    const wippy = (...args: string[]) => begin("wippy", args, { cwd, env });
    const version = await wippy("version").ended;
    assert.equal(version.stdout.trim(), install.stdout.slice(0, install.stdout.indexOf("\ninstalled")));
    assert.equal((await wippy("init").ended).code, 0);
    const call = await wippy("call", "app:greet", "name=Ada", "--json").ended;
    assert.deepEqual([call.code, call.stdout], [0, '{"message":"Hello, Ada!"}\n']);
    assert.match((await wippy("test").ended).stdout, /PASSED/);
    const running = wippy("run", "-o", "app:gateway:addr=127.0.0.1:0");
    const [, address] = await running.until(
      /service app:gateway is running.*listening on (127\.0\.0\.1:\d+)/,
    );
    assert.equal((await ask(`http://${address}/hello?name=Ada`)).json.message, "Hello, Ada!");
    running.child.kill("SIGINT");
    assert.equal((await running.ended).code, 0);
  });
});

test(
  "a release is installed from its folder, with wget, elsewhere, and over what was there [cli.global.install]",
  { skip },
  async () => {
    await withRelease(async ({ folder, home }) => {
      const env = { HOME: home, PATH: SYSTEM_PATH };
      // A folder without curl.
      const tools = join(home, "tools");
      mkdirSync(tools);
      const names = "sh uname ldd grep mkdir mktemp rm wget awk cut sha256sum chmod mv dirname cp".split(" ");
      for (const name of names) {
        const found = SYSTEM_PATH.split(":").map((each) => join(each, name)).find((path) => existsSync(path));
        if (found !== undefined) symlinkSync(found, join(tools, name));
      }
      const to = join(home, "my programs");
      mkdirSync(to);
      writeFileSync(join(to, "wippy"), "an older one");
      const script = readFileSync(join(folder, "install.sh"), "utf8");
      const fetched = await begin("sh", ["-s", "--", "--to", to], {
        cwd: home,
        env: { HOME: home, PATH: `${to}:${tools}` },
        input: script,
      }).ended;
      assert.deepEqual([fetched.code, fetched.stderr], [0, ""]);
      // It is on the PATH: there is nothing to tell.
      assert.doesNotMatch(fetched.stdout, /PATH/);
      assert.deepEqual(filesBelow(to), ["wippy"]);
      assert.match(
        (await begin(join(to, "wippy"), ["version"], { cwd: home, env }).ended).stdout,
        /^wippy \d/,
      );

      await writeRelease(folder, "");
      const other = join(home, "other");
      const copied = await begin("sh", [join(folder, "install.sh")], {
        cwd: home,
        env: { ...env, WIPPY_INSTALL_DIR: other, PATH: `${to}:${other}:${SYSTEM_PATH}` },
      }).ended;
      assert.deepEqual([copied.code, copied.stderr], [0, ""]);
      assert.ok(copied.stdout.includes(`before it on your PATH: ${to}/wippy\n`), copied.stdout);
      assert.deepEqual(filesBelow(other), ["wippy"]);
      assert.match(
        (await begin("sh", ["install.sh", "--help"], { cwd: folder, env }).ended).stdout,
        /^Usage: /,
      );
    });
  },
);

test(
  "what can't be installed leaves nothing behind and says what to do [cli.global.install]",
  { skip },
  async () => {
    await withRelease(async ({ folder, home, url }) => {
      const env = { HOME: home, PATH: SYSTEM_PATH };
      const refused = async (code: number, message: RegExp, ...args: string[]): Promise<void> => {
        const end = await begin("sh", [join(folder, "install.sh"), ...args], { cwd: home, env }).ended;
        assert.deepEqual([end.code, end.stdout], [code, ""]);
        assert.match(end.stderr, message);
        assert.deepEqual(filesBelow(join(home, ".local/bin")), []);
      };
      await refused(2, /error: unknown argument --form\n$/, "--form", url);
      await refused(2, /^error: --to needs a value\n$/, "--to");
      await refused(
        1,
        /error: can't take SHA256SUMS from \S+\/nowhere\n$/,
        "--from",
        join(folder, "nowhere"),
      );
      await refused(1, /error: can't take SHA256SUMS from http:\S+\n$/, "--from", "http://127.0.0.1:1/");
      writeFileSync(join(home, "file"), "");
      await refused(
        1,
        /^error: can't make the folder \S+; choose another with --to FOLDER\n$/,
        "--to",
        join(home, "file/bin"),
      );

      const sums = join(folder, "SHA256SUMS");
      const written = readFileSync(sums, "utf8");
      writeFileSync(sums, written.replaceAll(FILE, "wippy-plan9-x64"));
      await refused(1, new RegExp(`^error: the release ${url} has no ${FILE}\n$`));
      writeFileSync(sums, `${"0".repeat(64)}  ${FILE}\n`);
      await refused(
        1,
        new RegExp(
          `error: ${FILE} is not what SHA256SUMS says: [0-9a-f]{64} instead of 0{64}; nothing was installed\n$`,
        ),
      );

      // One that arrives cut short, and ones that this machine does not run.
      const other = join(home, "release");
      mkdirSync(other);
      writeFileSync(join(other, "SHA256SUMS"), written);
      copyFileSync(commandLine()[0], join(other, FILE));
      truncateSync(join(other, FILE), 1_000_000);
      await refused(1, /is not what SHA256SUMS says/, "--from", other);
      for (
        const [program, why] of [["echo no such library >&2; exit 127", "no such library"], [
          "exit 3",
          "it ended with status 3",
        ]] as const
      ) {
        writeFileSync(join(other, FILE), `#!/bin/sh\n${program}\n`);
        await writeRelease(other, "");
        await refused(
          1,
          new RegExp(`^error: the program does not run on this machine: ${why}\n$`),
          "--from",
          other,
        );
      }

      // A script that is cut short anywhere does nothing.
      const script = readFileSync(join(folder, "install.sh"), "utf8");
      for (let size = 0; size < script.lastIndexOf("main"); size += 97) {
        const end = await begin("sh", [], { cwd: home, env, input: script.slice(0, size) }).ended;
        assert.equal(end.stdout, "");
      }
      assert.deepEqual(filesBelow(join(home, ".local")).filter((name) => /wippy/.test(name)), []);
    });
  },
);
