/** `wippy install`: what the lock file names, made ready to load. */
import { Failure } from "../../core/mod.ts";
import type { Command } from "../command.ts";
import { MODULE_OPTIONS, openModuleProject, ORIGINS, withoutHub } from "../module_project.ts";
import { printResult } from "../output.ts";
import { PROJECT_OPTIONS } from "../session.ts";

/** Installs modules. */
export const install: Command = {
  help: `Install the modules of the lock file

Modules that come with the program need no place in the project; with unpack_modules in wippy.lock they are written into
the modules directory. Installed ones are compared with the hash that the lock file has of them.

Usage
  wippy install [org/module]... [options]

Options
      --refresh              install again what is there; --force and --repair mean the same
      --profile NAME         profile of the configuration; repeatable
      --set PATH=VALUE       value of the configuration; repeatable
  -l, --lock-file FILE       lock file (default wippy.lock)
      --registry URL         hub to ask for modules

Examples
  wippy install
  wippy install wippy/test
`,
  options: {
    refresh: { type: "flag", about: "install again what is there" },
    force: { type: "flag", about: "the same as --refresh" },
    repair: { type: "flag", about: "the same as --refresh" },
    ...PROJECT_OPTIONS,
    ...MODULE_OPTIONS,
  },
  async run(args) {
    const { findModule, lockVersion, parseModule, unpackModule } = await import("../../app/mod.ts");
    const opened = await openModuleProject(args);
    const { ports, project } = opened;
    const wanted = args.positionals.map((text) => parseModule(text).name);
    const { modules, options } = project.lock;
    for (const name of wanted) {
      if (modules.some((module) => module.name === name)) continue;
      throw new Failure("NotFound", `wippy.lock has no module ${name}; add it with wippy add ${name}`, {
        retryable: false,
      });
    }
    const chosen = modules.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    const again = ["refresh", "force", "repair"].some((flag) => args.flag(flag));
    const lines: string[] = [];
    for (const locked of chosen) {
      const { name } = locked;
      let found = findModule(project, ports, name);
      if (found === undefined) {
        const missing = new Failure("NotFound", `no module ${name}`, { details: { component: name } });
        throw withoutHub(missing, args, opened);
      }
      const isBroken = isInstalled(found) && problemOf(locked, found) !== undefined;
      const isWanted = found.origin === "bundled" || again || (found.origin === "packed") !== isBroken;
      const isUnpacked = options.unpack_modules && found.origin !== "replacement" && isWanted &&
        await unpackModule(project, ports, name);
      if (isUnpacked) found = findModule(project, ports, name) ?? found;
      const problem = isInstalled(found) ? problemOf(locked, found) : undefined;
      if (problem !== undefined) throw new Failure("Conflict", problem, { retryable: false });
      const note = isBroken ? "; was not what wippy.lock says, written again" : "";
      lines.push(`${name} ${lockVersion(found.version)} (${ORIGINS[found.origin] ?? found.origin}${note})`);
    }
    printResult(lines.length === 0 ? "wippy.lock names no modules; nothing to do" : lines.join("\n"));
    return 0;
  },
};

/** Whether a module was put into the modules directory. */
function isInstalled({ origin }: { readonly origin: string }): boolean {
  return origin === "vendor" || origin === "packed";
}

/** Why what is there is not what was locked; what comes with the program is what the program says. */
function problemOf(
  locked: { readonly name: string; readonly version: string; readonly hash: string },
  found: { readonly version: string; readonly hash: string },
): string | undefined {
  const { name, version, hash } = locked;
  const here = found.version.replace(/^v/, "");
  if (version !== "" && here !== "" && here !== version.replace(/^v/, "")) {
    return `wippy.lock has ${name} ${version}, but what is here is v${here}; wippy update ${name} takes that`;
  }
  if (hash === "" || hash === found.hash) return undefined;
  return `${name} is not what wippy.lock says: its contents have another hash; wippy update ${name} takes what is here`;
}
