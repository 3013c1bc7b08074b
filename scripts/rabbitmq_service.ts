/**
 * RabbitMQ for tests: reached plainly and over TLS, with users for each way to prove who one is.
 *
 * R1. Nothing of it is shared with another one: names, cookie, data, log, all ports and the port mapper are its own.
 * R2. It starts again when it ends, with the data that it had, so that tests can restart it: they end the process whose id is in
 *     `pid` of its folder. The group of the wrapper is what `services.ts` stops.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { as, firstOf, need, onPath, writeAs } from "./service_commands.ts";
import type { Place, ServiceDefinition } from "./service_definitions.ts";

const USER = "rabbitmq";
/** Below Debian's wrapper, which would forget the environment. */
const EXECUTABLE = "/usr/lib/rabbitmq/bin/rabbitmq-server";

export const RABBITMQ: ServiceDefinition = {
  name: "rabbitmq",
  install: { debian: ["rabbitmq-server", "openssl"] },
  // TLS, distribution, port mapper.
  morePorts: 3,
  find: () => firstOf([EXECUTABLE]),
  async prepare(executable, place) {
    const { folder } = place;
    const data = join(folder, "data");
    mkdirSync(data);
    await makeCertificates(data);
    await writeAs(USER, join(folder, "rabbitmq.conf"), configurationOf(place, data));
    await writeAs(USER, join(folder, "definitions.json"), JSON.stringify(DEFINITIONS));
    await writeAs(USER, join(folder, "plugins"), "[rabbitmq_auth_mechanism_ssl].\n");
    script(
      join(folder, "server"),
      place,
      `
"${onPath("epmd") ?? "epmd"}" -address 127.0.0.1 -port ${place.more[2]} &
while :; do
  "${executable}"
done
`,
    );
    script(join(folder, "control"), place, `exec "${join(dirname(executable), "rabbitmqctl")}" "$@"\n`);
    if (process.getuid?.() === 0) await need(["chown", "-R", USER, folder]);
  },
  command: (_, { folder }) => ({ argv: as(USER, [join(folder, "server")]) }),
  // Its data is thrown away.
  stopSignal: "SIGKILL",
  address: ({ folder, port, more }) =>
    `amqp://guest:guest@127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&tls=${more[0]}`,
};

/** Who may come in. `certified` does by the certificate of that name; `outsider` may not do anything. */
const DEFINITIONS = {
  users: [
    { name: "guest", password: "guest", tags: "administrator" },
    { name: "us er", password: "p@ss/w:rd", tags: "" },
    { name: "certified", password_hash: "", tags: "" },
    { name: "outsider", password: "outsider", tags: "" },
  ],
  vhosts: [{ name: "/" }, { name: "other/place" }],
  permissions: [
    ...["guest", "us er", "certified"].map((user) => ({
      user,
      vhost: "/",
      configure: ".*",
      write: ".*",
      read: ".*",
    })),
    { user: "guest", vhost: "other/place", configure: ".*", write: ".*", read: ".*" },
  ],
};

function configurationOf({ folder, port, more }: Place, data: string): string {
  return `listeners.tcp.1 = 127.0.0.1:${port}
listeners.ssl.1 = 127.0.0.1:${more[0]}
ssl_options.cacertfile = ${data}/ca.crt
ssl_options.certfile = ${data}/server.crt
ssl_options.keyfile = ${data}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
load_definitions = ${folder}/definitions.json
disk_free_limit.absolute = 1MB
log.console = false
log.file.level = warning
`;
}

/** An authority, and certificates by it for the server and for one client. */
async function makeCertificates(data: string): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const make = (name: string, ...more: string[]): Promise<void> =>
    need([
      ...["openssl", "req", "-x509", ...key, "-days", "2", "-keyout", join(data, `${name}.key`)],
      ...["-out", join(data, `${name}.crt`), ...more],
    ]);
  await make("ca", "-subj", "/CN=wippy tests", "-addext", "keyUsage=critical,keyCertSign");
  const signed = [
    "-CA",
    join(data, "ca.crt"),
    "-CAkey",
    join(data, "ca.key"),
    "-addext",
    "basicConstraints=CA:FALSE",
  ];
  await make("server", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", ...signed);
  await make("client", "-subj", "/CN=certified", ...signed);
}

/** A program with the surroundings of this server. */
function script(path: string, { folder, more }: Place, body: string): void {
  const env: Record<string, string> = {
    HOME: folder,
    RABBITMQ_NODENAME: `wippy${more[1]}@localhost`,
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ADVANCED_CONFIG_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_DIST_PORT: String(more[1]),
    ERL_EPMD_PORT: String(more[2]),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  const settings = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`).join("");
  writeFileSync(path, `#!/bin/sh\ncd '${folder}'\n${settings}${body}`);
  chmodSync(path, 0o755);
}
