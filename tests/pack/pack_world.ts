/** Projects packed in one folder, and packs that run in another one where nothing else is. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type Application,
  createApplication,
  expansionOf,
  loadProject,
  LogHub,
  openProject,
  optionsOf,
  type PackChoice,
  packProject,
  type PackReport,
  type Project,
  type ProjectRequest,
} from "../../src/app/mod.ts";
import type { Value } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import type { LogRecord, Ports } from "../../src/ports/mod.ts";
import type { LoadedEntries } from "../../src/registry/mod.ts";

/** How a project is packed. */
export interface PackingOptions extends PackChoice {
  readonly profiles?: readonly string[];
  readonly overrides?: readonly string[];
  readonly lockFile?: string;
  readonly description?: string;
}

/** A folder for one test, with two folders in it: a project, and another one that packs run in. */
export interface PackWorld {
  readonly ports: Ports;
  /** The project. */
  readonly source: string;
  /** Where packs are written and run; nothing else is there. */
  readonly target: string;
  /** Packs the project; `name` is that of the file. */
  pack(options?: PackingOptions, name?: string): Promise<PackReport>;
  /** Opens a pack as `wippy run` does. */
  open(
    request?: ProjectRequest,
    name?: string,
  ): { project: Project; loaded: LoadedEntries; warnings: string[] };
  /** Boots a pack for `body`. */
  run<T>(
    body: (app: RunningPack) => Promise<T>,
    request?: ProjectRequest & { readonly cpus?: number },
    name?: string,
  ): Promise<T>;
}

/** An application that runs from a pack. */
export interface RunningPack {
  readonly application: Application;
  readonly logs: LogRecord[];
  readonly loaded: LoadedEntries;
  call(target: string, ...args: Value[]): Promise<Value>;
}

/** Writes files below `folder`. */
export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Runs `body` with a project of these files. */
export async function withProject(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (world: PackWorld) => Promise<void>,
): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-pack-")));
  const [source, target] = [join(folder, "source"), join(folder, "target")];
  mkdirSync(target);
  write(source, { ".wippy.yaml": "{}\n", ...files });
  const ports = createPorts();
  const opened: Project[] = [];
  try {
    await body({
      ports,
      source,
      target,
      async pack({ profiles, overrides, lockFile, ...rest } = {}, name = "app.wapp") {
        const request = {
          files: [join(source, ".wippy.yaml")],
          profiles,
          overrides,
          lockFile,
          isForPack: true,
        };
        const project = openProject(request, ports);
        opened.push(project);
        const log = quietLog(ports, []);
        return await packProject({ project, ports, log, path: join(target, name), program: "test", ...rest });
      },
      open: (request, name) => open(request, name),
      async run(run, request, name) {
        const { loaded, project } = open(request, name);
        const { cpus = ports.cpus } = request ?? {};
        return await boot(project, loaded, { ...ports, cpus }, run);
      },
    });
  } finally {
    for (const { packs } of opened) packs.close();
    rmSync(folder, { recursive: true, force: true });
  }

  function open(request: ProjectRequest = {}, name = "app.wapp") {
    // Without a file of its own the working directory's would be read.
    write(target, { "empty.yaml": "{}\n" });
    const files = request.files?.map((file) => join(target, file)) ?? [join(target, "empty.yaml")];
    const project = openProject({ ...request, files, pack: join(target, name) }, ports);
    opened.push(project);
    return { project, ...loadProject(project, ports) };
  }
}

function quietLog(ports: Ports, logs: LogRecord[]): LogHub {
  const routing = { propagate_downstream: true, stream_to_events: false, min_level: -1 };
  const log = new LogHub({ clock: ports.clock, routing });
  log.listen((record) => logs.push(record));
  return log;
}

async function boot<T>(
  project: Project,
  loaded: LoadedEntries,
  ports: Ports,
  body: (app: RunningPack) => Promise<T>,
): Promise<T> {
  const logs: LogRecord[] = [];
  const log = quietLog(ports, logs);
  const application = createApplication({
    ports,
    log,
    ...optionsOf(project.configuration, ports, () => "tests"),
    ...expansionOf(project, ports, log),
  });
  try {
    await application.boot(loaded);
    return await body({
      application,
      logs,
      loaded,
      call: (target, ...args) => application.call(target, args),
    });
  } finally {
    await application.stop();
  }
}
