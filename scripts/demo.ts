/**
 * The README's first command: builds the binary when it is missing, scaffolds an application in a temporary folder, runs it on
 * embedded defaults, shows what it answers, changes it while it runs, goes back, and stops it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUN, run } from "./command.ts";
import { ROOT } from "./source_tree.ts";

const WIPPY = join(ROOT, "dist", "wippy");
/** The application must answer within this time. */
const READY_MS = 20_000;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function show(command: string, output: string): void {
  process.stdout.write(`$ ${command}\n${output === "" ? "" : `${output.trimEnd()}\n`}\n`);
}

async function wippy(folder: string, ...args: string[]): Promise<boolean> {
  const result = await run([WIPPY, ...args], { cwd: folder });
  show(`wippy ${args.join(" ")}`, result.stdout + result.stderr);
  return result.code === 0;
}

/** The answer of `url`, asked until it comes. */
async function answer(url: string, server: ChildProcess): Promise<string> {
  const end = performance.now() + READY_MS;
  while (performance.now() < end && server.exitCode === null) {
    const text = await fetch(url).then((response) => response.text(), () => undefined);
    if (text !== undefined) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no answer from ${url}`);
}

async function main(): Promise<number> {
  if (!existsSync(WIPPY)) {
    const built = await run([BUN, "scripts/build.ts"], { show: "stderr" });
    if (built.code !== 0) return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "wippy-demo-"));
  let server: ChildProcess | undefined;
  try {
    if (!await wippy(folder, "init", "--template", "http")) return 1;
    if (!await wippy(folder, "call", "app:greet", "name=Ada")) return 1;
    if (!await wippy(folder, "test")) return 1;
    const port = await freePort();
    const override = `app:gateway:addr=127.0.0.1:${port}`;
    server = spawn(WIPPY, ["run", "-s", "-o", override], { cwd: folder, stdio: "inherit" });
    const url = `http://127.0.0.1:${port}/hello?name=Ada`;
    show(`wippy run -o ${override} &\n$ curl '${url}'`, await answer(url, server));
    const source = join(folder, "src/greet.lua");
    writeFileSync(source, readFileSync(source, "utf8").replace("Hello, ", "Welcome, "));
    show("sed -i 's/Hello, /Welcome, /' src/greet.lua", "");
    if (!await wippy(folder, "registry", "reload")) return 1;
    show(`curl '${url}'`, await answer(url, server));
    if (!await wippy(folder, "registry", "rollback", "v0")) return 1;
    show(`curl '${url}'`, await answer(url, server));
    return await wippy(folder, "registry", "history") ? 0 : 1;
  } finally {
    if (server !== undefined) {
      const ended = new Promise((resolve) => server!.once("close", resolve));
      server.kill("SIGINT");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
