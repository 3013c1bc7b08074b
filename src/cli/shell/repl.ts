/**
 * The conversation on a terminal: lines in, values out, with history and completion.
 *
 * T1. Ctrl+C ends the input that runs, else drops what is being typed; Ctrl+D leaves. T2. An input that is not finished goes on in
 * the next line; an empty line ends it anyway.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { printResult, styleOf } from "../output.ts";
import type { ShellTypes } from "./shell_types.ts";

/** Lines of history that are kept. */
const HISTORY_MAX = 1000;

const HELP = `Lua, typed, in the running application. An expression shows its value; _ is the value before.
  require("app:lib")     a library of the application
  !CODE                  run it though the types do not fit
  Ctrl+C                 end what runs, or drop the line
  Ctrl+D, exit           leave
`;

/** What the conversation works with. */
export interface ReplOptions {
  readonly types: ShellTypes;
  /** Runs an input and prints what comes of it; true when it went well. */
  readonly evaluate: (input: string) => Promise<boolean>;
  readonly cancel: () => void;
  /** File that holds the history. */
  readonly historyPath: string;
  readonly greeting: string;
}

/** Talks until the user leaves. */
export async function converse(options: ReplOptions): Promise<void> {
  const { types, evaluate, cancel, historyPath, greeting } = options;
  const style = styleOf("result");
  const history = readHistory(historyPath);
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    history: [...history].reverse(),
    historySize: HISTORY_MAX,
    completer: (line: string) => {
      const { start, words } = types.complete(`${pending}${line}`);
      return [[...words], `${pending}${line}`.slice(start)];
    },
  });
  let pending = "";
  let isBusy = false;
  const prompt = (): void => {
    lines.setPrompt(pending === "" ? style.cyan("> ") : style.dim(". "));
    lines.prompt();
  };
  printResult(style.dim(greeting));
  lines.on("SIGINT", () => {
    if (isBusy) {
      cancel();
      return;
    }
    const hadText = pending !== "" || lines.line !== "";
    pending = "";
    clearLine(lines);
    printResult(hadText ? "" : style.dim("\nCtrl+D or exit leaves"));
    prompt();
  });
  const queue: string[] = [];
  const take = async (line: string): Promise<void> => {
    const word = line.trim();
    if (pending === "" && (word === "exit" || word === "quit")) {
      lines.close();
      return;
    }
    if (pending === "" && word === "help") {
      printResult(HELP);
      prompt();
      return;
    }
    const input = `${pending}${line}`;
    if (input.trim() === "") {
      prompt();
      return;
    }
    if (word !== "" && types.isUnfinished(input.replace(/^\s*!/, ""))) {
      pending = `${input}\n`;
      prompt();
      return;
    }
    pending = "";
    history.push(...input.trimEnd().split("\n"));
    isBusy = true;
    await evaluate(input);
    isBusy = false;
    prompt();
  };
  let turn = Promise.resolve();
  lines.on("line", (line: string) => {
    queue.push(line);
    turn = turn.then(async () => {
      const next = queue.shift();
      if (next !== undefined) await take(next);
    });
  });
  prompt();
  await new Promise<void>((resolve) => lines.on("close", resolve));
  if (isBusy) cancel();
  await turn;
  writeHistory(historyPath, history);
}

function clearLine(lines: Interface): void {
  // Moves to the end of the line and forgets it.
  lines.write(null, { ctrl: true, name: "e" });
  lines.write(null, { ctrl: true, name: "u" });
}

function readHistory(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter((line) => line !== "").slice(-HISTORY_MAX);
}

function writeHistory(path: string, history: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, history.slice(-HISTORY_MAX).map((line) => `${line}\n`).join(""), { mode: 0o600 });
}
