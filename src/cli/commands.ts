/** Every command, once. Each is loaded when it is wanted, so that a quick one starts quickly. */
import type { CommandEntry, CommandGroup } from "./command.ts";

const REGISTRY_HELP = `Look at the entries of an application and at its versions

Usage
  wippy registry <command> [options]

Commands
  list       entries, by kind, namespace, name or metadata
  show       one entry
  history    versions, newest first
  diff       what differs between two versions
  reload     what the files say now, in the application that runs
  rollback   back to an earlier version

wippy registry <command> --help tells more about each.
`;

/** The `registry` commands. */
const REGISTRY: CommandGroup = {
  name: "registry",
  summary: "entries and versions",
  help: REGISTRY_HELP,
  commands: [
    {
      name: "list",
      summary: "entries, by kind, namespace, name or metadata",
      load: async () => (await import("./commands/registry_list.ts")).registryList,
    },
    {
      name: "show",
      summary: "one entry",
      load: async () => (await import("./commands/registry_show.ts")).registryShow,
    },
    {
      name: "history",
      summary: "versions, newest first",
      load: async () => (await import("./commands/registry_history.ts")).registryHistory,
    },
    {
      name: "diff",
      summary: "what differs between two versions",
      load: async () => (await import("./commands/registry_diff.ts")).registryDiff,
    },
    {
      name: "reload",
      summary: "what the files say now, in the application that runs",
      load: async () => (await import("./commands/registry_reload.ts")).registryReload,
    },
    {
      name: "rollback",
      summary: "back to an earlier version",
      load: async () => (await import("./commands/registry_rollback.ts")).registryRollback,
    },
  ],
};

/** All commands in the order of the help. */
export const COMMANDS: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: "init",
    summary: "create a project, or the lock file of an existing one",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "run",
    summary: "start the application, or run one of its commands",
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    name: "call",
    summary: "call a function and print its result",
    load: async () => (await import("./commands/call.ts")).call,
  },
  {
    name: "test",
    summary: "run the tests",
    load: async () => (await import("./commands/test.ts")).test,
  },
  {
    name: "pack",
    summary: "put the application into one file",
    load: async () => (await import("./commands/pack.ts")).pack,
  },
  {
    name: "lint",
    summary: "check the Lua of a project",
    load: async () => (await import("./commands/lint.ts")).lint,
  },
  {
    name: "add",
    summary: "add a module",
    load: async () => (await import("./commands/add.ts")).add,
  },
  {
    name: "install",
    summary: "install the modules of the lock file",
    load: async () => (await import("./commands/install.ts")).install,
  },
  {
    name: "update",
    summary: "bring the lock file up to date",
    load: async () => (await import("./commands/update.ts")).update,
  },
  {
    name: "fmt",
    summary: "format sources and definition files",
    load: async () => (await import("./commands/fmt.ts")).fmt,
  },
  {
    name: "lsp",
    summary: "serve editors",
    load: async () => (await import("./commands/lsp.ts")).lsp,
  },
  {
    name: "shell",
    summary: "Lua in a running application, line by line",
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  {
    name: "ps",
    summary: "live processes of a running application",
    load: async () => (await import("./commands/ps.ts")).ps,
  },
  REGISTRY,
  {
    name: "docs",
    summary: "reference of modules and entry kinds",
    load: async () => (await import("./commands/docs.ts")).docs,
  },
  {
    name: "completion",
    summary: "completion for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "version",
    summary: "version of this program",
    load: async () => (await import("./commands/version.ts")).version,
  },
];

/** A command or group by name. */
export function findCommand(name: string): CommandEntry | CommandGroup | undefined {
  return COMMANDS.find((command) => command.name === name);
}
