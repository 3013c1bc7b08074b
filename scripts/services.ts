/**
 * Starts and stops real services on loopback, each in a temporary folder of its own.
 *
 *     bun scripts/services.ts --list                 what there is, and whether it is installed
 *     bun scripts/services.ts install NAME...        from Debian, PyPI or the Go module proxy, by their own clients
 *     bun scripts/services.ts run NAME... -- COMMAND  starts them, runs the command with their addresses in its
 *                                                    environment (WIPPY_POSTGRES=...), stops them, exits with its code
 *
 * V1. A service never outlives the command it was started for, also when that is interrupted.
 * V2. It listens on 127.0.0.1, on a port that was free, and writes only below its folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";
import { CACHE, type Place, type ServiceDefinition, SERVICES } from "./service_definitions.ts";

/** A service may take this long until it accepts connections. */
const START_TIMEOUT_MS = 60_000;
/** One that was told to stop may take this long. */
const STOP_TIMEOUT_MS = 5_000;
/** Packages may take this long to install. */
const INSTALL_TIMEOUT_MS = 180_000;

/** Ports that are free, all different: each is held until the last one is found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenAnywhere(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

/** Installs what is missing; why something could not be, by the name of its service. One that fails holds back no other. */
async function install(services: readonly ServiceDefinition[]): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const attempt = async (whose: readonly ServiceDefinition[], work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      for (const { name } of whose) failed.set(name, (error as Error).message.trim());
    }
  };
  const absent = services.filter((service) => service.find() === undefined);
  const packaged = absent.filter(isPackaged);
  const packages = packaged.flatMap(({ install: how }) => "debian" in how ? how.debian : []);
  await Promise.all([
    packages.length > 0 ? attempt(packaged, () => installPackages(packages)) : undefined,
    ...absent.filter((service) => !isPackaged(service)).map((each) =>
      attempt([each], () => installInCache(each))
    ),
  ]);
  return failed;
}

/** Whether a service is installed for the whole machine, which takes somebody's permission. */
function isPackaged({ install: how }: ServiceDefinition): boolean {
  return "debian" in how;
}

/** From PyPI into an environment of its own, or from the Go module proxy. */
async function installInCache({ install: how, name }: ServiceDefinition): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const step = async (argv: readonly string[], env: Record<string, string> = {}): Promise<void> => {
    const done = await run(argv, { env, cwd: tmpdir(), timeoutMs: INSTALL_TIMEOUT_MS });
    if (done.code !== 0) throw new Error(`${argv.join(" ")} failed:\n${done.stdout}${done.stderr}`);
  };
  if ("pypi" in how) {
    await step(["python3", "-m", "venv", join(CACHE, name)]);
    await step([join(CACHE, name, "bin/pip"), "install", "-q", "--disable-pip-version-check", how.pypi]);
  } else if ("go" in how) await step(["go", "install", how.go], { GOBIN: join(CACHE, "bin") });
}

async function installPackages(packages: readonly string[]): Promise<void> {
  // The packages' own services stay stopped: we start ours.
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...words: string[]) =>
    run(["apt-get", "-y", "-qq", ...words], { env, cwd: tmpdir(), timeoutMs: INSTALL_TIMEOUT_MS });
  const install = () => apt("install", "--no-install-recommends", ...packages);
  let done = await install();
  if (done.code !== 0) {
    // As it happens where the lists of packages are old, or missing as in a fresh container.
    const updated = await apt("update");
    done = updated.code === 0 ? await install() : updated;
  }
  if (done.code !== 0) throw new Error(`apt-get can't install ${packages.join(" ")}:\n${done.stderr}`);
}

/** True where `install` needs nobody's permission. */
function mayInstall(): boolean {
  return process.getuid?.() === 0;
}

/** A running service. */
interface Running {
  readonly service: ServiceDefinition;
  readonly place: Place;
  readonly child: ChildProcess;
}

/** True once it has ended, by itself or by a signal. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Starts a service; it is among `started` from the first moment. */
async function start(service: ServiceDefinition, started: Running[]): Promise<Running> {
  const executable = service.find();
  if (executable === undefined) {
    throw new Error(`${service.name} is not installed: bun scripts/services.ts install ${service.name}`);
  }
  const folder = mkdtempSync(join(tmpdir(), `wippy-${service.name}-`));
  chmodSync(folder, 0o777);
  const [port, ...more] = await freePorts(1 + (service.morePorts ?? 0));
  const place = { folder, port: port!, more };
  await service.prepare?.(executable, place);
  const { argv, env } = service.command(executable, place);
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
    detached: true,
  });
  closeSync(output);
  const running = { service, place, child };
  started.push(running);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!await accepts(place.port)) {
    if (hasEnded(child) || performance.now() > deadline) {
      const said = readFileSync(log, "utf8").slice(-2000);
      await stop(running);
      throw new Error(`${service.name} did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return running;
}

function stop({ service, child, place }: Running): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => kill(child, "SIGKILL"), STOP_TIMEOUT_MS);
    const done = () => {
      clearTimeout(late);
      // Whatever is left of the group: what a wrapper ran may outlive it.
      if (child.pid !== undefined) kill(child, "SIGKILL");
      rmSync(place.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      resolve();
    };
    if (hasEnded(child) || child.pid === undefined) return done();
    child.on("exit", done);
    kill(child, service.stopSignal ?? "SIGTERM");
  });
}

/** The whole group: some services are started by a shell. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    // It may have ended just now.
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

/** What stops services that were started, of everybody who started any. */
const stopping = new Set<() => Promise<void>>();

/** Stops all of them before the program ends. */
function interrupted(): void {
  void Promise.allSettled([...stopping].map((stop) => stop())).then(() => process.exit(130));
}

/** Services that run, what to tell programs of them, and what could not be started. */
export interface RunningServices {
  readonly env: Record<string, string>;
  /** Why a service does not run, by its name. */
  readonly absent: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** Starts these services, installing what is missing where that needs nobody's permission. */
export async function startServices(names: readonly string[]): Promise<RunningServices> {
  const services = byName(names);
  const absent = new Map<string, string>();
  const env: Record<string, string> = {};
  const started: Running[] = [];
  const stopAll = async (): Promise<void> => {
    while (started.length > 0) await Promise.all(started.splice(0).map(stop));
    stopping.delete(stopAll);
    if (stopping.size === 0) {
      process.removeListener("SIGTERM", interrupted).removeListener("SIGINT", interrupted);
    }
  };
  // Before anything starts: an interruption finds what runs by then.
  if (stopping.size === 0) process.on("SIGTERM", interrupted).on("SIGINT", interrupted);
  stopping.add(stopAll);
  const notInstalled = await install(services.filter((service) => mayInstall() || !isPackaged(service)));
  await Promise.all(services.map(async (service) => {
    try {
      const running = await start(service, started);
      env[`WIPPY_${service.name.toUpperCase()}`] = service.address(running.place);
    } catch (error) {
      const why = notInstalled.get(service.name);
      absent.set(service.name, (error as Error).message.trim() + (why === undefined ? "" : `: ${why}`));
    }
  }));
  return { env, absent, stop: stopAll };
}

function byName(names: readonly string[]): ServiceDefinition[] {
  return names.map((name) => {
    const service = SERVICES.find((each) => each.name === name);
    if (service === undefined) {
      throw new Error(
        `no service called ${name}; there are: ${SERVICES.map((each) => each.name).join(", ")}`,
      );
    }
    return service;
  });
}

async function main(args: string[]): Promise<number> {
  if (args[0] === "--list") {
    for (const service of SERVICES) {
      process.stdout.write(`${service.name.padEnd(10)} ${service.find() ?? "not installed"}\n`);
    }
    return 0;
  }
  if (args[0] === "install") {
    const failed = await install(byName(args.slice(1)));
    for (const [name, why] of failed) process.stderr.write(`${name} can't be installed: ${why}\n`);
    return failed.size === 0 ? 0 : 1;
  }
  const end = args.indexOf("--");
  if (args[0] !== "run" || end === -1 || end === args.length - 1) {
    process.stderr.write("bun scripts/services.ts --list | install NAME... | run NAME... -- COMMAND\n");
    return 2;
  }
  const services = await startServices(args.slice(1, end));
  try {
    for (const [name, why] of services.absent) throw new Error(`${name} does not run: ${why}`);
    return (await run(args.slice(end + 1), { env: services.env, show: "stdout" })).code;
  } finally {
    await services.stop();
  }
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
