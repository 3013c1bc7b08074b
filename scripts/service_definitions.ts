/** The services that tests may talk to: how each is installed, started and reached. */
import { join } from "node:path";
import { RABBITMQ } from "./rabbitmq_service.ts";
import { as, firstOf, need, onPath, writeAs } from "./service_commands.ts";
import { ROOT } from "./source_tree.ts";

/** Where a service runs. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Further free ports, as many as the service asks for. */
  readonly more: readonly number[];
}

/** A service that can be started. */
export interface ServiceDefinition {
  readonly name: string;
  /** How it is installed: Debian packages, a PyPI requirement or a Go command. */
  readonly install: { debian: readonly string[] } | { pypi: string } | { go: string };
  /** Ports it needs beside the one that it is reached at; default none. */
  readonly morePorts?: number;
  /** Its executable, when installed. */
  find(): string | undefined;
  /** Writes its files before the first start. */
  prepare?(executable: string, place: Place): Promise<void>;
  /** The command that stays in the foreground. */
  command(executable: string, place: Place): { argv: readonly string[]; env?: Record<string, string> };
  /** The signal that ends it at once; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** What a client needs to know. */
  address(place: Place): string;
}

/** Where services are installed that no package manager knows. */
export const CACHE: string = join(ROOT, ".cache", "services");

/** Who may connect to Postgres, and how they prove who they are. */
const HOST_ACCESS = `local all all trust
host all with_password,cdc_password 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
`;

/** Every service. */
export const SERVICES: readonly ServiceDefinition[] = [
  {
    name: "postgres",
    install: { debian: ["postgresql"] },
    find: () =>
      firstOf(["17", "16", "15", "14"].map((version) => `/usr/lib/postgresql/${version}/bin/postgres`)),
    async prepare(executable, { folder }) {
      const initdb = executable.replace(/postgres$/, "initdb");
      const data = join(folder, "data");
      await need(as("postgres", [initdb, "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]));
      // One user has to give a password; connections may be encrypted, with a certificate that nobody knows.
      await writeAs("postgres", join(data, "pg_hba.conf"), HOST_ACCESS);
      await need(as("postgres", [
        ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"],
        ...["-keyout", join(data, "server.key"), "-out", join(data, "server.crt")],
      ]));
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
        "-c",
        "ssl=on",
        // For those who read its log, each of whom holds slots.
        "-c",
        "wal_level=logical",
        "-c",
        "max_replication_slots=64",
        "-c",
        "max_wal_senders=64",
        "-c",
        "log_min_messages=fatal",
        "-c",
        "log_min_error_statement=fatal",
      ]),
    }),
    // It waits for its clients at any gentler one.
    stopSignal: "SIGINT",
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
      await writeAs("mysql", join(folder, "init.sql"), "CREATE DATABASE IF NOT EXISTS wippy;\n");
    },
    command: (executable, { folder, port }) => ({
      argv: as("mysql", [
        executable,
        "--no-defaults",
        `--datadir=${join(folder, "data")}`,
        `--socket=${join(folder, "s")}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        "--character-set-server=utf8mb4",
        `--init-file=${join(folder, "init.sql")}`,
        "--log-warnings=0",
      ]),
    }),
    // Its data is thrown away; a gentle end would go on writing after the wrapper that runs it has gone.
    stopSignal: "SIGKILL",
    address: ({ port }) => `mysql://root@127.0.0.1:${port}/wippy`,
  },
  RABBITMQ,
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
