/** `wippy shell`: Lua in a running application, line by line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../core/mod.ts";
import { type Diagnostic, formatDiagnostic } from "../../lang/mod.ts";
import type { Command, ParsedArguments } from "../command.ts";
import { Misuse, refuseExtra } from "../command.ts";
import { findRunning } from "../connection.ts";
import {
  isInputTerminal,
  isResultTerminal,
  printProgress,
  printResult,
  styleOf,
  writeResult,
} from "../output.ts";
import { BOOT_OPTIONS, createProjectApplication, openSession, PROJECT_HELP } from "../session.ts";
import { onStopSignal } from "../../platform/running.ts";
import {
  openShell,
  remoteLink,
  type ShellConnection,
  type ShellLink,
  type ShellResult,
} from "../shell/shell_connection.ts";
import type { ShellTypes } from "../shell/shell_types.ts";

/** Name of the folder that holds what the runtime keeps in a project, and the history in it. */
const HISTORY_FILE = join(".wippy", "shell_history");

/** What inputs are evaluated with. */
interface Conversation {
  readonly args: ParsedArguments;
  readonly connection: ShellConnection;
  readonly types: ShellTypes;
}

/** Evaluates Lua in an application. */
export const shell: Command = {
  help: `Evaluate Lua in the application that runs in this folder

What is typed is checked, run inside the application, and its value is shown; what it declares stays until the end.
Every module is there by name, libraries of the application by require("namespace:name"). Without a running
application the project, or the pack that is named, is booted for the session. From a pipe the whole input is run at once.

Usage
  wippy shell [pack.wapp] [options]
  wippy shell [pack.wapp] -e CODE [options]

Options
  -e, --eval CODE            run this and end; repeatable
      --event-streams        log records also as events; -e is --eval here
      --boot                 boot the project though an application runs here
  -o, --override ID:PATH=V   change a field of an entry, when it is booted; repeatable
${PROJECT_HELP}
Examples
  wippy shell
  wippy shell -e 'funcs.call("app:greet", {name = "Ada"})'
  wippy shell < script.lua
`,
  options: {
    eval: { type: "list", short: "e", about: "code to run" },
    // Its letter is that of --eval here.
    "event-streams": { type: "flag", about: "log records as events" },
    boot: { type: "flag", about: "boot the project though an application runs here" },
    ...BOOT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseExtra(args, 0, "wippy shell [options]");
    const { link, where } = await openLink(args);
    const connection = await openShell(link, writeResult);
    try {
      const { ShellTypes } = await import("../shell/shell_types.ts");
      const types = new ShellTypes(connection.entries);
      const conversation = { args, connection, types };
      const inputs = args.list("eval");
      if (inputs.length > 0) return await runAll(inputs, conversation);
      if (!isInputTerminal() || !isResultTerminal()) {
        return await runAll([readFileSync(0, "utf8")], conversation);
      }
      const { converse } = await import("../shell/repl.ts");
      await converse({
        types,
        evaluate: (input) => evaluate(input, conversation),
        cancel: () => connection.cancel(),
        historyPath: HISTORY_FILE,
        greeting: `${where}; help tells what can be typed, Ctrl+D leaves`,
      });
      return 0;
    } finally {
      await connection.close();
    }
  },
};

/** A way to the application that runs here, else to one that is booted now. */
async function openLink(args: ParsedArguments): Promise<{ link: ShellLink; where: string }> {
  const client = args.flag("boot") || args.pack !== undefined ? undefined : await findRunning(args);
  if (client !== undefined) {
    if (args.list("override").length > 0) {
      client.close();
      throw new Misuse("--override changes what is booted; an application runs here already, see --boot");
    }
    return { link: remoteLink(client), where: "in the application that runs here" };
  }
  const session = openSession(args, "silent");
  const { CONTROL_OPERATIONS, ShellDesk } = await import("../../app/mod.ts");
  const application = await createProjectApplication(session, { isPassing: args.flag("boot") });
  await application.boot(session.loaded);
  const ended = new AbortController();
  const subject = {
    ports: session.ports,
    runtime: application.runtime,
    registry: application.registry,
    services: application.supervisor,
    node: application.control.node,
    exit: (code: number) => application.exit(code),
    shells: new ShellDesk(),
    reload: undefined,
  };
  const link: ShellLink = {
    request: async (operation, given = {}) =>
      await CONTROL_OPERATIONS[operation]!(subject, given, ended.signal),
    async close() {
      ended.abort();
      await application.stop();
    },
  };
  return { link, where: "in an application that was booted for this session" };
}

/** Runs inputs one after the other until one fails; the exit code. */
async function runAll(inputs: readonly string[], conversation: Conversation): Promise<number> {
  const stopListening = onStopSignal(() => conversation.connection.cancel());
  try {
    for (const input of inputs) {
      if (input.trim() !== "" && !await evaluate(input, conversation)) return 1;
    }
    return 0;
  } finally {
    stopListening();
  }
}

/** Checks, runs and shows one input; whether it went well. */
async function evaluate(
  typed: string,
  { args, connection, types }: Conversation,
): Promise<boolean> {
  const isForced = /^\s*!/.test(typed);
  const input = isForced ? typed.replace(/^\s*!/, "") : typed;
  if (!isForced) {
    const { diagnostics, source } = types.check(input);
    if (diagnostics.length > 0) {
      printDiagnostics(diagnostics, source);
      return false;
    }
  }
  let result: ShellResult;
  try {
    result = await connection.run(input);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    result = { message: error.message, kind: error.kind, trace: [] };
  }
  if (result.values === undefined) {
    await printFailure(result, args);
    return false;
  }
  types.accept(input);
  for (const value of result.values) printResult(value);
  return true;
}

function printDiagnostics(diagnostics: readonly Diagnostic[], source: string): void {
  const style = styleOf("progress");
  for (const found of diagnostics) {
    const [first, ...more] = formatDiagnostic(found, "shell", source).split("\n");
    printProgress(`${style.red("error:")} ${first}`);
    for (const line of more) printProgress(line);
  }
}

/** Names places as the project on disk does, when it can be read. */
async function placesOf(args: ParsedArguments): Promise<(source: string, line: number) => string> {
  try {
    const { placeNamer } = await import("../testing/test_run.ts");
    return placeNamer(openSession(args, "silent"));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return (source, line) => `${source}:${line}`;
  }
}

async function printFailure({ kind, message, trace }: ShellResult, args: ParsedArguments): Promise<void> {
  const isOurs = trace.some(({ source }) => source !== "shell");
  const place = isOurs ? await placesOf(args) : (source: string, line: number) => `${source}:${line}`;
  const style = styleOf("progress");
  const shown = kind === "" || kind === "Internal" ? "" : ` (${kind})`;
  const [first, ...more] = message.split("\n");
  printProgress(`${style.red(`error${shown}:`)} ${first}`);
  for (const line of more) printProgress(`  ${line}`);
  for (const { line, name, source } of trace) {
    printProgress(
      `  ${style.dim("at")} ${place(source, line)}  ${style.dim(name === "?" ? "" : name)}`.trimEnd(),
    );
  }
}
