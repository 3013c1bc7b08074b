/** `wippy update`: the lock file as the dependencies in the sources want it. */
import { Failure } from "../../core/mod.ts";
import type { Command } from "../command.ts";
import { editLock } from "../lock_edit.ts";
import { lockModules, MODULE_OPTIONS, openModuleProject, withoutHub } from "../module_project.ts";
import { printResult } from "../output.ts";
import { PROJECT_OPTIONS } from "../session.ts";

/** Updates modules. */
export const update: Command = {
  help: `Bring the lock file up to date

Reads the ns.dependency entries of the sources, finds versions that fit all their ranges, and writes them into
wippy.lock. With names only those modules may change; others stay what they are.

Usage
  wippy update [org/module]... [options]

Options
  -d, --src-dir DIR          source directory, written into the lock file
      --modules-dir DIR      where modules are installed, written into the lock file
      --profile NAME         profile of the configuration; repeatable
      --set PATH=VALUE       value of the configuration; repeatable
  -l, --lock-file FILE       lock file (default wippy.lock)
      --registry URL         hub to ask for modules

Examples
  wippy update
  wippy update wippy/test
`,
  options: {
    "src-dir": { type: "text", short: "d", about: "source directory", completes: "directory" },
    "modules-dir": { type: "text", about: "modules directory", completes: "directory" },
    ...PROJECT_OPTIONS,
    ...MODULE_OPTIONS,
  },
  async run(args) {
    const { lockVersion, parseModule, solveModules } = await import("../../app/mod.ts");
    const names = args.positionals.map((text) => parseModule(text).name);
    const directories = { src: args.text("src-dir"), modules: args.text("modules-dir") };
    let opened = await openModuleProject(args, directories);
    if (directories.src !== undefined || directories.modules !== undefined) {
      await editLock(opened.lockPath, (document) => {
        for (const [key, value] of Object.entries(directories)) {
          if (value !== undefined) document.setIn(["directories", key], value);
        }
      });
      opened = await openModuleProject(args);
    }
    const { ports, project } = opened;
    const locked = project.lock.modules;
    let modules;
    try {
      modules = solveModules(project, ports, locked.map(({ name }) => ({ name, range: "*" })));
    } catch (error) {
      throw withoutHub(error, args, opened);
    }
    const before = new Map(locked.map((module) => [module.name, module]));
    const changed = modules.filter(({ name, version, hash, origin }) => {
      const old = before.get(name);
      return origin !== "replacement" && (old?.version !== lockVersion(version) || old.hash !== hash);
    });
    if (names.length > 0) {
      const unknown = names.find((name) => !modules.some((module) => module.name === name));
      if (unknown !== undefined) {
        throw new Failure("NotFound", `${unknown} is no module of this project; add it with wippy add`, {
          retryable: false,
        });
      }
      const others = changed.filter(({ name }) => before.has(name) && !names.includes(name));
      if (others.length > 0) {
        const list = others.map(({ name, version }) => `${name} ${lockVersion(version)}`).join(", ");
        throw new Failure("Conflict", `others would change too: ${list}; name them as well, or update all`, {
          retryable: false,
        });
      }
    }
    await lockModules(opened, modules);
    const lines = changed.map(({ name, version }) => {
      const old = before.get(name)?.version ?? "";
      return `${name} ${old === "" || old === lockVersion(version) ? "" : `${old} -> `}${
        lockVersion(version)
      }`;
    });
    printResult(lines.length === 0 ? "everything is up to date" : lines.join("\n"));
    return 0;
  },
};
