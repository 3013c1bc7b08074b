/**
 * Starts and stops real services on loopback, each in a temporary folder of its own.
 *
 *     bun scripts/services.ts --list                 what there is, and whether it is installed
 *     bun scripts/services.ts install NAME...        from Debian, PyPI or the Go module proxy, by their own clients
 *     bun scripts/services.ts run NAME... -- COMMAND  starts them, runs the command with their addresses in its
 *                                                    environment (WIPPY_POSTGRES=...), stops them, exits with its code
 *
 * V1. A service never outlives the command it was started for.
 * V2. It listens on 127.0.0.1, on a port that was free, and writes only below its folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";
import { ROOT } from "./source_tree.ts";

/** Where a service runs. */
interface Place {
  readonly folder: string;
  readonly port: number;
}

/** A service that can be started. */
interface ServiceDefinition {
  readonly name: string;
  /** How it is installed: Debian packages, a PyPI requirement or a Go command. */
  readonly install: { debian: readonly string[] } | { pypi: string } | { go: string };
  /** Its executable, when installed. */
  find(): string | undefined;
  /** Writes its files before the first start. */
  prepare?(executable: string, place: Place): Promise<void>;
  /** The command that stays in the foreground. */
  command(executable: string, place: Place): { argv: readonly string[]; env?: Record<string, string> };
  /** What a client needs to know. */
  address(place: Place): string;
}

/** A service may take this long until it accepts connections. */
const START_TIMEOUT_MS = 60_000;
const CACHE = join(ROOT, ".cache", "services");

const SERVICES: readonly ServiceDefinition[] = [
  {
    name: "postgres",
    install: { debian: ["postgresql"] },
    find: () =>
      firstOf(["17", "16", "15", "14"].map((version) => `/usr/lib/postgresql/${version}/bin/postgres`)),
    async prepare(executable, { folder }) {
      const initdb = executable.replace(/postgres$/, "initdb");
      await need(
        as("postgres", [initdb, "-D", join(folder, "data"), "-A", "trust", "-U", "postgres", "--no-sync"]),
      );
    },
    command: (executable, { folder, port }) => ({
      argv: as("postgres", [
        executable,
        "-D",
        join(folder, "data"),
        "-p",
        String(port),
        "-h",
        "127.0.0.1",
        "-k",
        folder,
        "-F",
      ]),
    }),
    address: ({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  },
  {
    name: "mariadb",
    install: { debian: ["mariadb-server"] },
    find: () => onPath("mariadbd"),
    async prepare(_, { folder }) {
      await need(as("mysql", [
        "mariadb-install-db",
        "--no-defaults",
        `--datadir=${join(folder, "data")}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
      ]));
    },
    command: (executable, { folder, port }) => ({
      argv: as("mysql", [
        executable,
        "--no-defaults",
        `--datadir=${join(folder, "data")}`,
        `--socket=${join(folder, "s")}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
      ]),
    }),
    address: ({ port }) => `mysql://root@127.0.0.1:${port}/mysql`,
  },
  {
    name: "rabbitmq",
    install: { debian: ["rabbitmq-server"] },
    find: () => onPath("rabbitmq-server"),
    command: (executable, { folder, port }) => ({
      argv: [executable],
      env: {
        RABBITMQ_NODENAME: `wippy${port}@localhost`,
        RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
        RABBITMQ_LOG_BASE: join(folder, "log"),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
        HOME: folder,
      },
    }),
    address: ({ port }) => `amqp://guest:guest@127.0.0.1:${port}/`,
  },
  {
    name: "nats",
    install: { debian: ["nats-server"] },
    find: () => onPath("nats-server"),
    command: (executable, { folder, port }) => ({
      argv: [executable, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(folder, "jetstream")],
    }),
    address: ({ port }) => `nats://127.0.0.1:${port}`,
  },
  {
    name: "chromium",
    install: { debian: ["chromium"] },
    find: () => onPath("chromium"),
    command: (executable, { folder, port }) => ({
      argv: [
        executable,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        `--user-data-dir=${folder}`,
        `--remote-debugging-port=${port}`,
        "about:blank",
      ],
    }),
    address: ({ port }) => `http://127.0.0.1:${port}`,
  },
  {
    name: "temporal",
    install: { go: "github.com/temporalio/cli/cmd/temporal@latest" },
    find: () => firstOf([join(CACHE, "bin/temporal")]) ?? onPath("temporal"),
    command: (executable, { folder, port }) => ({
      argv: [
        executable,
        "server",
        "start-dev",
        "--headless",
        "--ip",
        "127.0.0.1",
        "--port",
        String(port),
        "--db-filename",
        join(folder, "temporal.db"),
        "--log-level",
        "error",
      ],
    }),
    address: ({ port }) => `127.0.0.1:${port}`,
  },
  {
    name: "moto",
    install: { pypi: "moto[server]" },
    find: () => firstOf([join(CACHE, "moto/bin/moto_server")]) ?? onPath("moto_server"),
    command: (executable, { port }) => ({ argv: [executable, "-H", "127.0.0.1", "-p", String(port)] }),
    address: ({ port }) => `http://127.0.0.1:${port}`,
  },
];

function firstOf(paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

function onPath(name: string): string | undefined {
  return firstOf([...(process.env.PATH ?? "").split(":"), "/usr/sbin"].map((folder) => join(folder, name)));
}

/** The same command as another user: databases refuse to run as root. */
function as(user: string, argv: readonly string[]): string[] {
  return process.getuid?.() === 0 ? ["runuser", "-u", user, "--", ...argv] : [...argv];
}

async function need(argv: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const result = await run(argv, { env, cwd: tmpdir() });
  if (result.code !== 0) throw new Error(`${argv.join(" ")} failed:\n${result.stdout}${result.stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
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

async function install(service: ServiceDefinition): Promise<void> {
  if (service.find() !== undefined) return;
  mkdirSync(CACHE, { recursive: true });
  const how = service.install;
  if ("debian" in how) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await need(["apt-get", "update", "-qq"], env);
    // The packages' own services stay stopped: we start ours.
    await need(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...how.debian], {
      ...env,
      RUNLEVEL: "1",
    });
  } else if ("pypi" in how) {
    await need(["python3", "-m", "venv", join(CACHE, service.name)]);
    await need([join(CACHE, service.name, "bin/pip"), "install", "-q", how.pypi]);
  } else {
    await need(["go", "install", how.go], { GOBIN: join(CACHE, "bin") });
  }
}

/** A running service. */
interface Running {
  readonly service: ServiceDefinition;
  readonly place: Place;
  readonly child: ChildProcess;
}

async function start(service: ServiceDefinition): Promise<Running> {
  const executable = service.find();
  if (executable === undefined) {
    throw new Error(`${service.name} is not installed: bun scripts/services.ts install ${service.name}`);
  }
  const folder = mkdtempSync(join(tmpdir(), `wippy-${service.name}-`));
  chmodSync(folder, 0o777);
  const place = { folder, port: await freePort() };
  await service.prepare?.(executable, place);
  const { argv, env } = service.command(executable, place);
  const log = join(folder, "output.log");
  writeFileSync(log, "");
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const running = { service, place, child };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!await accepts(place.port)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop(running);
      throw new Error(`${service.name} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return running;
}

function stop({ child, place }: Running): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      rmSync(place.folder, { recursive: true, force: true });
      resolve();
    };
    if (child.exitCode !== null || child.pid === undefined) return done();
    child.on("exit", done);
    // The whole group: some services are started by a shell.
    process.kill(-child.pid, "SIGTERM");
  });
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
    for (const service of byName(args.slice(1))) await install(service);
    return 0;
  }
  const end = args.indexOf("--");
  if (args[0] !== "run" || end === -1 || end === args.length - 1) {
    process.stderr.write("bun scripts/services.ts --list | install NAME... | run NAME... -- COMMAND\n");
    return 2;
  }
  const started: Running[] = [];
  try {
    const env: Record<string, string> = {};
    for (const service of byName(args.slice(1, end))) {
      const running = await start(service);
      started.push(running);
      env[`WIPPY_${service.name.toUpperCase()}`] = service.address(running.place);
    }
    return (await run(args.slice(end + 1), { env, show: "stdout" })).code;
  } finally {
    await Promise.all(started.map(stop));
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
