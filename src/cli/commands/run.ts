/**
 * `wippy run`: the application until it is told to stop, or one command of it.
 *
 * U1. Whatever can be wrong with files, flags and names is said before anything is started.
 * U2. The first SIGINT or SIGTERM stops in order, a second one ends the program at once.
 */
import type { Application } from "../../app/mod.ts";
import { keepAlive } from "../../platform/running.ts";
import { printVersion } from "../../registry/mod.ts";
import { type ApplicationCommand, commandsIn } from "../application_commands.ts";
import { banner } from "../banner.ts";
import { type Command, Misuse, type ParsedArguments, refuseExtra } from "../command.ts";
import { isProgressTerminal, printProgress, printResult, writeProgress } from "../output.ts";
import { reportIn } from "../failure_report.ts";
import { printJson } from "../json_text.ts";
import {
  BOOT_OPTIONS,
  createProjectApplication,
  openSession,
  PROJECT_HELP,
  type Session,
} from "../session.ts";
import { endOnSignals } from "../signals.ts";
import { didYouMean } from "../suggestion.ts";
import { runTarget, targetOf } from "../target.ts";

/** Runs an application. */
export const run: Command = {
  help: `Start the application, or run one of its commands

Without a command the application runs until Ctrl+C. A command is a process with meta.command; it gets the words behind
its name as arguments, and its result is the exit code. A pack (see wippy pack) runs with nothing beside it, on what it
brings and the configuration of this folder, if there is any; a command of it that is marked with meta.command.main
runs when none is named.

Usage
  wippy run [pack.wapp] [options]
  wippy run [pack.wapp] <command> [arguments] [options]
  wippy run [pack.wapp] list [--json]

Options
  -x, --exec ID              run this process or function (namespace:entry) and exit
      --host ID              terminal host for it, where there are several
  -o, --override ID:PATH=V   change a field of an entry, such as app:gateway:addr=:9090; repeatable
${PROJECT_HELP}
Examples
  wippy run -c                              with colourful log lines
  wippy run -o app:gateway:addr=:9090       on another port
  wippy run migrate --profile production    a command of the application
  wippy run greet -- --loud                 options behind -- belong to the command
  wippy run -x app:cli                      a process without a command
  wippy run shop.wapp migrate               a command of a pack
`,
  options: {
    exec: { type: "text", short: "x", about: "run this entry and exit" },
    host: { type: "text", about: "terminal host for a command" },
    json: { type: "flag", about: "list as JSON" },
    ...BOOT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    const exec = args.text("exec");
    const isWord = args.pack === undefined || args.positionalsBeforeDashes > 0;
    const word = isWord ? args.positionals[0] : undefined;
    if (exec !== undefined) {
      const session = openSession(args, "silent");
      return await runTarget(session, await targetOf(exec, session), args.positionals, args.text("host"));
    }
    if (word === undefined) return await serve(args);
    if (word === "list") return await list(args);
    const session = openSession(args, "silent");
    return await runTarget(
      session,
      commandNamed(word, session),
      args.positionals.slice(1),
      args.text("host"),
    );
  },
};

function runnable(session: Pick<Session, "project" | "loaded">): ApplicationCommand[] {
  return commandsIn(session).filter(({ useCase }) => useCase !== "test");
}

/** What is typed before the name of a command. */
function programOf(pack: string | undefined): string {
  return pack === undefined ? "wippy run" : `wippy run ${pack}`;
}

/** The command that a pack runs when none is named; undefined when the application is to be started. */
function mainCommand(session: Pick<Session, "project" | "loaded">): ApplicationCommand | undefined {
  if (session.project.pack === undefined) return undefined;
  const marked = runnable(session).filter(({ isMain }) => isMain);
  if (marked.length < 2) return marked[0];
  throw new Misuse(
    `${session.project.pack.name} marks several main commands (${
      marked.map(({ name }) => name).join(", ")
    }); name one`,
  );
}

function commandNamed(name: string, session: Session): string {
  const commands = runnable(session);
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found.entry;
  const program = programOf(session.project.pack?.name);
  const hint = didYouMean(name, commands.map((command) => command.name), `${program} `).replace(
    /^; d/,
    "\nD",
  );
  throw new Misuse(`command "${name}" not found. Use '${program} list' to see available commands${hint}`);
}

async function list(args: ParsedArguments): Promise<number> {
  refuseExtra(args, 1, "wippy run list [--json]");
  const commands = runnable(openSession(args, "quiet"));
  if (args.flag("json")) {
    printResult(
      printJson(commands.map(({ name, short, entry, isMain }) => ({ name, short, entry, main: isMain }))),
    );
  } else if (commands.length === 0) {
    printResult("No commands found.\n\nA command is a process.lua entry with meta.command.name.");
  } else {
    const name = Math.max(...commands.map((command) => command.name.length));
    const short = Math.max(...commands.map((command) => command.short.length));
    const lines = commands.map((command) =>
      `  ${command.name.padEnd(name)}  ${
        short === 0 ? "" : `${command.short.padEnd(short)}  `
      }(${command.entry})`
    );
    printResult(
      ["Available commands:", "", ...lines, "", `Run with: ${programOf(args.pack)} <command>`].join("\n"),
    );
  }
  return 0;
}

/** Runs until the application ends; its exit code. */
async function serve(args: ParsedArguments): Promise<number> {
  const session = openSession(
    args,
    (project, loaded) => mainCommand({ project, loaded }) === undefined ? "normal" : "silent",
  );
  const main = mainCommand(session);
  if (main !== undefined) return await runTarget(session, main.entry, args.positionals, args.text("host"));
  if (args.positionals.length > 0) {
    throw new Misuse(
      `${args.pack} has no main command that could take arguments; wippy run ${args.pack} list shows all`,
    );
  }
  const { log, ports, loaded, isHuman } = session;
  const isShown = isHuman && isProgressTerminal() && !args.flag("silent");
  // On a terminal the summary says what the lines of a healthy boot would say; without flags they are left out.
  const isSummary = isShown && !args.flag("console") && !args.flag("verbose") && !args.flag("very-verbose");
  if (!args.flag("silent") && (isShown || args.flag("console"))) writeProgress(`${banner(session.style)}\n`);
  const startedMs = ports.clock.monotonicMs();
  const application = await createProjectApplication(session);
  const stopListening = endOnSignals(application, session);
  const showAgain = isSummary ? log.raise(1) : () => undefined;
  try {
    await application.boot(loaded);
  } catch (error) {
    stopListening();
    return await reportIn(session, error, { isVeryVerbose: args.flag("very-verbose") });
  }
  showAgain();
  const elapsedMs = ports.clock.monotonicMs() - startedMs;
  if (isSummary) printSummary(application, session, elapsedMs);
  else log.named("run").info("runtime ready");
  const release = keepAlive();
  try {
    return await application.ended;
  } finally {
    release();
    stopListening();
  }
}

const MARKS: Readonly<Record<string, "green" | "red" | "yellow">> = {
  running: "green",
  failed: "red",
  exited: "yellow",
};

function printSummary(application: Application, { style, project }: Session, elapsedMs: number): void {
  const states = application.supervisor.states().filter(({ desired, status }) =>
    desired === "running" || status === "failed"
  );
  const width = Math.max(0, ...states.map(({ id }) => id.length));
  for (const { id, status, details } of states) {
    const mark = style[MARKS[status] ?? "yellow"](status === "running" ? "●" : "○");
    const remark = status === "running" ? details : `${status} ${details}`.trim();
    printProgress(`  ${mark} ${id.padEnd(width)}  ${style.dim(remark)}`.trimEnd());
  }
  if (states.length === 0) {
    printProgress(`  ${style.dim("nothing starts by itself: no entry has lifecycle.auto_start")}`);
  }
  const { registry } = application;
  const count = [...registry.state.all()].length;
  if (count === 0) printProgress(`  ${style.dim("wippy init writes a project to begin with")}`);
  const sources = count === 0 ? ` in ${project.sourceDirectory}` : "";
  printProgress("");
  printProgress(
    `  ready in ${Math.round(elapsedMs)} ms: ${count} ${count === 1 ? "entry" : "entries"}${sources}, ` +
      `${states.length} ${states.length === 1 ? "service" : "services"}, ` +
      `registry ${printVersion(registry.version().id)}. ${style.bold("Ctrl+C")} stops.`,
  );
  printProgress("");
}
