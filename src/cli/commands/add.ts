/** `wippy add`: modules into the lock file. */
import { type Command, Misuse } from "../command.ts";
import { lockModules, MODULE_OPTIONS, openModuleProject, ORIGINS, withoutHub } from "../module_project.ts";
import { printResult } from "../output.ts";

/** Adds modules. */
export const add: Command = {
  help: `Add modules to a project

Writes them, and the modules that they need, into wippy.lock. What they offer is imported by its id, as
test: wippy.test:test. A dependency may stand in the sources instead, as an ns.dependency entry; see wippy update.

Usage
  wippy add org/module[@version]... [options]

Options
  -l, --lock-file FILE   lock file (default wippy.lock)
      --registry URL     hub to ask for modules

Examples
  wippy add wippy/test
  wippy add acme/http@1.2.3
`,
  options: MODULE_OPTIONS,
  async run(args) {
    if (args.positionals.length === 0) throw new Misuse("wippy add needs a module, such as wippy/test");
    const { lockVersion, parseModule, solveModules } = await import("../../app/mod.ts");
    const wanted = args.positionals.map(parseModule);
    const opened = await openModuleProject(args);
    const { project, ports } = opened;
    const kept = project.lock.modules.filter(({ name }) => !wanted.some((item) => item.name === name))
      .map(({ name }) => ({ name, range: "*" }));
    let modules;
    try {
      modules = solveModules(project, ports, [...kept, ...wanted]);
    } catch (error) {
      throw withoutHub(error, args, opened);
    }
    await lockModules(opened, modules);
    const before = new Map(project.lock.modules.map(({ name, version }) => [name, version]));
    const lines = modules.filter(({ name, version, origin }) =>
      wanted.some((item) => item.name === name) ||
      (origin !== "replacement" && before.get(name) !== lockVersion(version))
    ).map(({ name, version, origin }) => {
      const isKnown = before.get(name) === lockVersion(version);
      return `${isKnown ? "has" : "added"} ${name} ${lockVersion(version)} (${ORIGINS[origin] ?? origin})`;
    });
    printResult(lines.join("\n"));
    return 0;
  },
};
