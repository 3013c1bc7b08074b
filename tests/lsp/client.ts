/**
 * An editor for tests: the protocol's own client library against the real command.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import {
  createMessageConnection,
  type Diagnostic,
  type InitializeResult,
  type MessageConnection,
  type Position,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { commandLine } from "../cli/wippy.ts";

/** Longest a server may take to end. */
const END_MS_MAX = 10_000;

/** Folder of the account's caches, in the project's. */
export const ACCOUNT = ".account";

/** What an editor says about itself. */
export interface EditorOptions {
  readonly encodings?: readonly string[];
  /** Whether it asks for diagnostics instead of being told. */
  readonly pulls?: boolean;
  readonly args?: readonly string[];
}

/** An editor with a project open. */
export class Editor {
  readonly folder: string;
  readonly connection: MessageConnection;
  readonly child: ChildProcess;
  /** What came on standard error. */
  stderr = "";
  initialized!: InitializeResult;
  readonly #texts = new Map<string, string>();
  #version = 0;
  readonly #told = new Map<string, PublishDiagnosticsParams>();
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number | null>;

  constructor(folder: string, options: EditorOptions) {
    this.folder = folder;
    const [program, before] = commandLine();
    this.child = spawn(program, [...before, "lsp", ...options.args ?? []], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", WIPPY_CACHE_DIR: join(folder, ACCOUNT) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.child.stdin!.on("error", () => {
      // The server ended first; the test sees that elsewhere.
    });
    this.#ended = new Promise((resolve) => this.child.on("close", (code) => resolve(code)));
    this.connection = createMessageConnection(
      new StreamMessageReader(this.child.stdout!),
      new StreamMessageWriter(this.child.stdin!),
    );
    this.connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
      this.#told.set(params.uri, params);
      for (const look of [...this.#waiting]) look();
    });
    this.connection.listen();
    // What is still waited for will not come.
    this.child.on("close", () => this.connection.dispose());
  }

  async initialize(options: EditorOptions): Promise<void> {
    this.initialized = await this.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(this.folder).href,
      capabilities: {
        general: options.encodings === undefined ? {} : { positionEncodings: options.encodings },
        textDocument: options.pulls ? { diagnostic: {} } : {},
      },
    });
    await this.connection.sendNotification("initialized", {});
  }

  uri(path: string): string {
    return path.includes(":") ? path : pathToFileURL(join(this.folder, path)).href;
  }

  /** Opens a document with a text that need not be saved. */
  async open(path: string, text: string): Promise<void> {
    const uri = this.uri(path);
    this.#texts.set(uri, text);
    const languageId = path.endsWith(".yaml") ? "yaml" : "lua";
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId, version: ++this.#version, text },
    });
  }

  /** Replaces the first `from` by `to`, as an editor would tell it. */
  async edit(path: string, from: string, to: string): Promise<void> {
    const uri = this.uri(path);
    const text = this.#texts.get(uri)!;
    const at = text.indexOf(from);
    assert.ok(at >= 0, `${path} has no ${from}`);
    const range = { start: positionOf(text, at), end: positionOf(text, at + from.length) };
    this.#texts.set(uri, text.slice(0, at) + to + text.slice(at + from.length));
    await this.change(path, [{ range, text: to }]);
  }

  /** Puts another text in a document's place. */
  async replace(path: string, text: string): Promise<void> {
    this.#texts.set(this.uri(path), text);
    await this.change(path, [{ text }]);
  }

  async change(path: string, contentChanges: readonly unknown[]): Promise<void> {
    await this.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri(path), version: ++this.#version },
      contentChanges,
    });
  }

  /** The place behind the first occurrence of `mark` in an open document, `by` characters further. */
  at(path: string, mark: string, by = 0): { textDocument: { uri: string }; position: Position } {
    const uri = this.uri(path);
    const text = this.#texts.get(uri)!;
    const at = text.indexOf(mark);
    assert.ok(at >= 0, `${path} has no ${mark}`);
    return { textDocument: { uri }, position: positionOf(text, at + mark.length + by) };
  }

  // deno-lint-ignore no-explicit-any
  request(method: string, params: object | null): Promise<any> {
    return this.connection.sendRequest(method, params);
  }

  /** Waits until what is told about a document satisfies `holds`. */
  diagnostics(
    path: string,
    holds: (found: readonly Diagnostic[]) => boolean,
  ): Promise<readonly Diagnostic[]> {
    const uri = this.uri(path);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#told.get(uri)?.diagnostics;
        if (found === undefined || !holds(found)) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
      void this.#ended.then(() => reject(new Error(`the server ended: ${this.stderr}`)));
    });
  }

  /** Says goodbye; the exit code. */
  async close(): Promise<number | null> {
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    return await this.ended();
  }

  /** Waits for the end of the server. */
  async ended(): Promise<number | null> {
    const limit = setTimeout(() => this.child.kill("SIGKILL"), END_MS_MAX);
    const code = await this.#ended;
    clearTimeout(limit);
    return code;
  }
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length - 1, character: before.at(-1)!.length };
}

/** Runs `body` with an editor on a new project of these files; the server ends orderly or the test fails. */
export async function withEditor(
  files: Readonly<Record<string, string>>,
  body: (editor: Editor) => Promise<void>,
  options: EditorOptions = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-lsp-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const editor = new Editor(folder, options);
  try {
    await editor.initialize(options);
    await body(editor);
    assert.equal(await editor.close(), 0, editor.stderr);
    assert.equal(editor.stderr, "");
  } finally {
    editor.connection.dispose();
    editor.child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}
