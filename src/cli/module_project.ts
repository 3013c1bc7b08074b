/** What the commands that change the modules of a project begin with. */
import { dirname, resolve } from "node:path";
import type { Project } from "../app/mod.ts";
import { Failure, HUB_URL, hubAddress } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";
import type { OptionSpecs, ParsedArguments } from "./command.ts";
import { createLock, type LockedModule, writeModules } from "./lock_edit.ts";
import { projectRequest } from "./session.ts";

/** Options that all of them have. */
export const MODULE_OPTIONS: OptionSpecs = {
  "lock-file": { type: "text", short: "l", about: "lock file", completes: "file" },
  registry: { type: "text", about: "hub to ask for modules" },
};

/** A project with its lock file. */
export interface ModuleProject {
  readonly ports: Ports;
  readonly project: Project;
  readonly lockPath: string;
}

/** Opens the project whose modules are changed; its lock file is created when it is not there. */
export async function openModuleProject(
  args: ParsedArguments,
  directories: { readonly src?: string; readonly modules?: string } = {},
): Promise<ModuleProject> {
  const { LOCK_FILE, openProject } = await import("../app/mod.ts");
  const { createPorts } = await import("../platform/running.ts");
  const [config] = args.list("config");
  const folder = config === undefined ? "." : dirname(config);
  const lockPath = resolve(args.text("lock-file") ?? resolve(folder, LOCK_FILE));
  await createLock(lockPath, dirname(lockPath), directories);
  const ports = createPorts();
  const project = openProject({ ...projectRequest(args), lockFile: lockPath }, ports);
  return { ports, project, lockPath };
}

/** Writes modules into the lock file, those of replacements left out, and unpacks what is to be unpacked. */
export async function lockModules(
  { lockPath, ports, project }: ModuleProject,
  modules: readonly { name: string; version: string; hash: string; origin: string }[],
): Promise<void> {
  const { lockVersion, unpackModule } = await import("../app/mod.ts");
  const locked: LockedModule[] = modules.filter(({ origin }) => origin !== "replacement")
    .map(({ name, version, hash }) => ({ name, version: lockVersion(version), hash }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  await writeModules(lockPath, locked);
  if (!project.lock.options.unpack_modules) return;
  for (const { name, origin } of modules) {
    if (origin === "bundled" || origin === "packed") await unpackModule(project, ports, name);
  }
}

/** Where a module is had from, for people. */
export const ORIGINS: Readonly<Record<string, string>> = {
  bundled: "comes with the program",
  vendor: "installed",
  packed: "installed as a pack",
  replacement: "replaced by a directory; not written down",
};

/** The failure of a module that is nowhere, with what can be done. */
export function withoutHub(
  error: unknown,
  args: ParsedArguments,
  { ports, project }: Pick<ModuleProject, "ports" | "project">,
): unknown {
  if (!(error instanceof Failure) || error.kind !== "NotFound") return error;
  const component = error.details?.component ?? error.details?.module;
  if (typeof component !== "string") return error;
  const { registry_url: configured } = project.configuration.settings.modules;
  const named = args.text("registry") ?? (ports.osVariable("WIPPY_REGISTRY") || configured);
  const hub = named === HUB_URL ? undefined : hubAddress(named);
  return new Failure(
    "NotFound",
    `module ${component} is not there: it does not come with the program, it is not in the modules directory, and ${
      hub === undefined ? "no hub is known" : `the hub ${hub} can't be asked by this version`
    }; put it into .wippy/vendor/${component}, or beside it as a pack (${component}-v1.2.3.wapp), or name a directory for it in workspace.replacements`,
    { retryable: false, details: { component }, cause: error },
  );
}
