/**
 * One editor's session with the language server of a binary; the median of its waits in milliseconds is the last line.
 *
 *     bun tests/bench/editor_session.ts WIPPY edit|completion|formatting
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { median } from "./benchmark.ts";
import { luaFile, writeLuaProject } from "./lua_tree.ts";

const LINES = 2000;
const ROUNDS = 30;
/** First rounds, in which the program is still being compiled. */
const WARM_ROUNDS = 10;

const [, , wippy = "dist/wippy", what = "edit"] = process.argv;

class Session {
  readonly #connection: MessageConnection;
  readonly #uri: string;
  #version = 1;
  #told: (() => void) | undefined;

  constructor(connection: MessageConnection, uri: string) {
    this.#connection = connection;
    this.#uri = uri;
    connection.onNotification("textDocument/publishDiagnostics", ({ version }: { version: number }) => {
      if (version === this.#version) this.#told?.();
    });
    connection.listen();
  }

  async open(text: string): Promise<void> {
    await this.#connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
    const textDocument = { uri: this.#uri, languageId: "lua", version: this.#version, text };
    await this.#connection.sendNotification("textDocument/didOpen", { textDocument });
  }

  /** Writes one line at the top; resolves when its diagnostics are there. */
  async edit(line: string): Promise<void> {
    const told = new Promise<void>((resolve) => this.#told = resolve);
    const range = { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } };
    await this.#connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.#uri, version: ++this.#version },
      contentChanges: [{ range, text: `${line}\n` }],
    });
    await told;
  }

  /** Fails when there is nothing in the answer: then something else was measured. */
  async ask(method: string, more: object = {}): Promise<void> {
    const answer: unknown = await this.#connection.sendRequest(method, {
      textDocument: { uri: this.#uri },
      ...more,
    });
    const items = Array.isArray(answer) ? answer : (answer as { items?: unknown[] } | null)?.items ?? [];
    if (items.length === 0) throw new Error(`${method} answered ${JSON.stringify(answer)}`);
  }
}

async function run(session: Session): Promise<number> {
  await session.open(`-- first\n${luaFile(1, true, LINES)}`);
  const waits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Changed each time, so that nothing is answered from memory, and laid out badly, so that there is something to mend.
    const line = what === "completion" ? `local s${round} = string.` : `local  s${round}  =  1`;
    if (what !== "edit") await session.edit(line);
    const start = performance.now();
    // Two findings alternate, so that each round has something to tell.
    if (what === "edit") await session.edit(`local unused_${round} = ${round}`);
    else if (what === "completion") {
      await session.ask("textDocument/completion", { position: { line: 0, character: line.length } });
    } else await session.ask("textDocument/formatting", { options: { tabSize: 2, insertSpaces: true } });
    if (round >= WARM_ROUNDS) waits.push(performance.now() - start);
  }
  return median(waits);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-editor-"));
  writeLuaProject(folder, LINES);
  const child = spawn(wippy, ["lsp"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const reader = new StreamMessageReader(child.stdout);
  const connection = createMessageConnection(reader, new StreamMessageWriter(child.stdin));
  const uri = pathToFileURL(join(folder, "src", "part_1.lua")).href;
  try {
    process.stdout.write(`${(await run(new Session(connection, uri))).toFixed(2)}\n`);
  } finally {
    connection.dispose();
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
process.exit(0);
