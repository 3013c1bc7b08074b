/** What most commands begin with: the ports, the log as the flags want it, the project. */
import type {
  Application,
  ApplicationOptions,
  CallEntries,
  Component,
  LogEncoding,
  Project,
  ProjectRequest,
} from "../app/mod.ts";
import {
  createApplication,
  expansionOf,
  loadProject,
  LogHub,
  openProject,
  optionsOf,
  sectionIn,
} from "../app/running.ts";
import { createPorts } from "../platform/running.ts";
import type { LogLevel, Ports } from "../ports/mod.ts";
import type { LoadedEntries } from "../registry/mod.ts";
import { Failure } from "../core/mod.ts";
import type { OptionSpecs, ParsedArguments } from "./command.ts";
import { edition } from "./edition.ts";
import { isProgressTerminal, printProgress, type Style, styleOf, writeProgress } from "./output.ts";

/** Options of commands that read a project. */
export const PROJECT_OPTIONS: OptionSpecs = {
  profile: { type: "list", about: "profile of the configuration, repeatable" },
  set: { type: "list", about: "section.path=value of the configuration, repeatable" },
  "lock-file": { type: "text", short: "l", about: "lock file", completes: "file" },
};

/** Options of commands that boot a project. */
export const BOOT_OPTIONS: OptionSpecs = {
  override: { type: "list", short: "o", about: "namespace:entry:field=value, repeatable" },
  ...PROJECT_OPTIONS,
};

/** Help of `PROJECT_OPTIONS`. */
export const PROJECT_HELP =
  `      --profile NAME         profile of the configuration; repeatable, applied in order
      --set PATH=VALUE       value of the configuration, such as shutdown.timeout=5s; repeatable
  -l, --lock-file FILE       lock file (default wippy.lock)
`;

/** The same project with modules that nobody has declared. */
export function withModules(session: Session, modules: readonly string[]): Session {
  return { ...session, loaded: loadProject(session.project, session.ports, { mounted: modules }).loaded };
}

/** Which log lines reach the console without flags: all from info up, only warnings and errors, or none. */
export type Loudness = "normal" | "quiet" | "silent";

/** A project that has been read. */
export interface Session {
  readonly ports: Ports;
  readonly project: Project;
  readonly log: LogHub;
  readonly loaded: LoadedEntries;
  /** Style of progress. */
  readonly style: Style;
  /** Whether log lines are for people on a terminal. */
  readonly isHuman: boolean;
}

/** The project as the arguments describe it. */
export function projectRequest(args: ParsedArguments): ProjectRequest {
  return {
    files: args.list("config"),
    profiles: args.list("profile"),
    sets: [...args.flag("profiler") ? ["profiler.enabled=true"] : [], ...args.list("set")],
    overrides: args.list("override"),
    memoryLimit: args.text("memory-limit"),
    lockFile: args.text("lock-file"),
    pack: args.pack,
  };
}

/** Reads the project; what is odd about it but not wrong is said on stderr. What is read may decide about the loudness. */
export function openSession(
  args: ParsedArguments,
  loudness: Loudness | ((project: Project, loaded: LoadedEntries) => Loudness),
  read: (project: Project, ports: Ports) => Pick<CallEntries, "loaded" | "warnings"> = loadProject,
): Session {
  const ports = createPorts();
  const project = openProject(projectRequest(args), ports);
  const isHuman = isHumanLog(args, project);
  const { loaded, warnings } = read(project, ports);
  const loud = typeof loudness === "string" ? loudness : loudness(project, loaded);
  const log = createLog(args, project, ports, loud, isHuman);
  const style = styleOf("progress");
  for (const warning of [...project.warnings, ...warnings]) {
    if (isHuman) printProgress(`${style.yellow("warning:")} ${warning}`);
    else log.named("config").warn(warning);
  }
  return { ports, project, log, loaded, style, isHuman };
}

/** On a terminal lines are for people unless the configuration asks for JSON; `-c` asks for them anywhere. */
function isHumanLog(args: ParsedArguments, project: Project): boolean {
  if (args.flag("console")) return true;
  return isProgressTerminal() && sectionIn(project.configuration, "logger")?.encoding !== "json";
}

/** The log as the flags and the configuration want it. */
export function createLog(
  args: ParsedArguments,
  project: Project,
  ports: Ports,
  loudness: Loudness,
  isHuman: boolean,
): LogHub {
  const logger = sectionIn(project.configuration, "logger");
  const { logmanager } = project.configuration.settings;
  const isVerbose = args.flag("verbose") || args.flag("very-verbose");
  const isAsked = isVerbose || args.flag("console");
  const isSilent = args.flag("silent") || (loudness === "silent" && !isAsked);
  const level: LogLevel = isVerbose ? -1 : loudness === "quiet" && !isAsked ? 1 : 0;
  const encoding: LogEncoding = isHuman ? "human" : logger?.encoding === "json" ? "json" : "console";
  return new LogHub({
    clock: ports.clock,
    routing: { ...logmanager, stream_to_events: logmanager.stream_to_events || args.flag("event-streams") },
    console: isSilent ? undefined : {
      write: writeProgress,
      encoding,
      colour: styleOf("progress").isColoured,
      level,
    },
    stackTraces: args.flag("very-verbose"),
  });
}

/** What kind of application a command needs. */
export interface ApplicationWish {
  /** It is gone with the command: its registry is kept in memory, and nobody can reach it. */
  readonly isPassing?: boolean;
  /** Counts how often each line of Lua runs. */
  readonly countLines?: boolean;
}

/** An application of this project, not yet booted. */
export async function createProjectApplication(
  session: Session,
  wish: ApplicationWish = {},
): Promise<Application> {
  const { ports, log, project } = session;
  const { configuration } = project;
  return createApplication({
    ports,
    log,
    ...optionsOf(configuration, ports, () => edition(ports.files)),
    // One that is gone with its command is no node: the one that serves may run on the same ports.
    ...wish.isPassing ? { cluster: undefined } : {},
    ...expansionOf(project, ports, log),
    countLines: wish.countLines,
    ...wish.isPassing ? {} : await lastingParts(session),
  });
}

/** What an application has that goes on: the history of its registry, a way to reach it, the language server. */
async function lastingParts({ ports, log, project }: Session): Promise<Partial<ApplicationOptions>> {
  const { controlComponent, historyOf } = await import("../app/mod.ts");
  const { SystemSockets } = await import("../platform/mod.ts");
  const { configuration } = project;
  return {
    history: historyOf(configuration, ports),
    components: [
      controlComponent(new SystemSockets(), configuration.baseDirectory, () => {
        if (project.pack !== undefined) throw packStays(project.pack.name);
        const { loaded, warnings } = loadProject(project, ports);
        for (const warning of warnings) log.named("config").warn(warning);
        return loaded;
      }),
      ...await languageServer(project, ports),
    ],
  };
}

/** An application that is a pack has no files that could say something else. */
function packStays(name: string): Failure {
  const message =
    `the application runs from the pack ${name}, which has no files to read again; start it with the new pack`;
  return new Failure("Invalid", message, { retryable: false });
}

/** The language server, when the configuration asks for it; loaded only then. */
async function languageServer(project: Project, ports: Ports): Promise<Component[]> {
  const { lsp } = project.configuration.settings;
  // A pack has no sources to be edited.
  if (project.pack !== undefined || !lsp.enabled && !lsp.http_enabled) return [];
  const { languageServerComponent } = await import("./language_component.ts");
  return [languageServerComponent(project, ports)];
}
