/** `exec.docker`: every command in a container of its own. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import {
  type CommandOptions,
  type Connection,
  type Executor,
  ExecutorResource,
  type Program,
} from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { demandListed, wordsOf } from "./command_line.ts";
import { ContainerStreams } from "./container_streams.ts";
import { EngineClient, engineTarget, failureOf } from "./engine_client.ts";

const CONFIG = schema.object({
  image: schema.string({ nonEmpty: true, doc: "Image of the containers." }),
  host: schema.string({ default: "", doc: "Docker engine: unix:///path or tcp://host:port." }),
  default_work_dir: schema.string({ default: "", doc: "Working directory in the container." }),
  default_env: schema.map(schema.string()),
  command_whitelist: schema.list(schema.string()),
  network_mode: schema.oneOf(["host", "bridge", "none"], {
    default: "bridge",
    doc: "Network of containers.",
  }),
  volumes: schema.list(schema.string()),
  user: schema.string({ default: "", doc: "User that commands run as." }),
  memory_limit: schema.integer({ default: 0, min: 0, doc: "Bytes; 0 is unlimited." }),
  cpu_quota: schema.integer({ default: 0, min: 0, doc: "100000 is one CPU; 0 is unlimited." }),
  auto_remove: schema.boolean({ default: false, doc: "Remove containers that have ended." }),
  read_only_rootfs: schema.boolean({ default: false, doc: "Make the root file system read-only." }),
  no_new_privileges: schema.boolean({ default: false, doc: "Forbid to gain privileges." }),
  cap_drop: schema.list(schema.string()),
  cap_add: schema.list(schema.string()),
  pids_limit: schema.integer({ default: 0, min: 0, doc: "Most processes; 0 is unlimited." }),
  tmpfs: schema.map(schema.string()),
  lifecycle: schema.any(),
});

type Config = Decoded<typeof CONFIG>;

const CPU_PERIOD = 100_000;

function checkVolumes(volumes: readonly string[]): void {
  for (const volume of volumes) {
    if (/^[^:]+:\/[^:]*(?::(?:ro|rw))?$/.test(volume)) continue;
    const message = `volumes: ${volume} is not host:container[:ro]`;
    throw new Failure("Invalid", message, { retryable: false });
  }
}

/** What the engine is told about a container. */
function containerOf(config: Config, words: readonly string[], options: CommandOptions): unknown {
  const directory = options.directory ?? config.default_work_dir;
  return {
    Image: config.image,
    Cmd: words,
    Env: Object.entries({ ...config.default_env, ...options.environment }).map(([name, value]) =>
      `${name}=${value}`
    ),
    ...directory === "" ? {} : { WorkingDir: directory },
    ...config.user === "" ? {} : { User: config.user },
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: config.network_mode,
      AutoRemove: config.auto_remove,
      ReadonlyRootfs: config.read_only_rootfs,
      ...config.volumes.length === 0 ? {} : { Binds: config.volumes },
      ...config.memory_limit === 0 ? {} : { Memory: config.memory_limit },
      ...config.cpu_quota === 0 ? {} : { CpuQuota: config.cpu_quota, CpuPeriod: CPU_PERIOD },
      ...config.pids_limit === 0 ? {} : { PidsLimit: config.pids_limit },
      ...config.no_new_privileges ? { SecurityOpt: ["no-new-privileges"] } : {},
      ...config.cap_drop.length === 0 ? {} : { CapDrop: config.cap_drop },
      ...config.cap_add.length === 0 ? {} : { CapAdd: config.cap_add },
      ...Object.keys(config.tmpfs).length === 0 ? {} : { Tmpfs: config.tmpfs },
    },
  };
}

async function createContainer(client: EngineClient, image: string, container: unknown): Promise<string> {
  const answer = await client.request("POST", "/containers/create", { body: container });
  const id = (answer.body as { Id?: unknown } | undefined)?.Id;
  if (answer.status === 201 && typeof id === "string") return id;
  const failure = failureOf(answer);
  const isMissing = answer.status === 404 && /no such image/i.test(failure.message);
  if (!isMissing) throw failure;
  const message = `docker image not found: ${image} (docker pull ${image})`;
  throw new Failure("NotFound", message, { retryable: false, cause: failure });
}

async function demand(client: EngineClient, path: string, fine: readonly number[]): Promise<void> {
  const answer = await client.request("POST", path);
  if (!fine.includes(answer.status)) throw failureOf(answer);
}

/** Starts a container and connects to its streams. */
async function startContainer(client: EngineClient, image: string, container: unknown): Promise<Program> {
  const id = await createContainer(client, image, container);
  const path = `/containers/${id}`;
  let connection: Connection | undefined;
  try {
    const attached = await client.handOver(`${path}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    const input = connection = attached.connection;
    // Asked before the start: a container that removes itself can't be asked afterwards.
    const answer = client.request("POST", `${path}/wait?condition=next-exit`, { patient: true });
    const ended = answer.then(({ body, status }) => {
      if (status !== 200) throw failureOf({ body, status });
      hasEnded = true;
      return Number((body as { StatusCode?: unknown }).StatusCode);
    });
    let hasEnded = false;
    // Whoever waits is told; when nobody does, nobody needs to be.
    ended.catch(() => undefined);
    await demand(client, `${path}/start`, [204, 304]);
    const streams = new ContainerStreams(input, attached.rest);
    return {
      stdout: streams.stdout,
      stderr: streams.stderr,
      ended,
      write: (data) => input.write(data),
      endInput: () => input.end(),
      signal(number) {
        if (hasEnded) return false;
        // The engine answers later; that the container has ended by then is no failure.
        client.request("POST", `${path}/kill?signal=${number}`).catch(() => undefined);
        return true;
      },
    };
  } catch (error) {
    connection?.close();
    await client.request("DELETE", `${path}?force=1`).catch(() => undefined);
    throw error;
  }
}

export default defineKind({
  name: "exec.docker",
  doc: "Runs commands in containers.",
  config: CONFIG,
  provides: ExecutorResource,
  open({ config, ports }) {
    checkVolumes(config.volumes);
    const client = new EngineClient(ports.connections, ports.clock, engineTarget(config.host));
    const resource: Executor = {
      prepare(command, options) {
        demandListed(command, config.command_whitelist);
        const container = containerOf(config, wordsOf(command), options);
        return () => startContainer(client, config.image, container);
      },
    };
    return { resource };
  },
});
