/** What a `queue.driver.amqp` entry says, and the connection that follows from it. */
import type { Options, SocketOptions } from "amqplib";
import { type Decoded, Failure, schema } from "../../../core/mod.ts";

const DEFAULT_URL = "amqp://guest:guest@localhost:5672/";
/** Without heartbeats a connection that was cut silently would never end. */
const HEARTBEAT_MS = 10_000;
const CONNECTION_TIMEOUT_MS = 30_000;
/** Longest heartbeat that the protocol can express, in seconds. */
const HEARTBEAT_SECONDS_MAX = 65_535;
/** Milliseconds that a queue's argument can express. */
const ARGUMENT_MS_MAX = 2 ** 32 - 1;
/** Smallest frame that every peer must take. */
const FRAME_BYTES_MIN = 4096;
const FRAME_BYTES_DEFAULT = 131_072;

const PEM = (what: string) =>
  schema.string({ default: "", doc: `${what} as PEM: inline, file:// or \${env:NAME}.` });

/** Fields of the entry. */
export const CONFIG = schema.object({
  url: schema.string({ default: DEFAULT_URL, nonEmpty: true, doc: "Broker, as amqp:// or amqps://." }),
  vhost: schema.string({ default: "", doc: "Virtual host instead of the URL's." }),
  connection_name: schema.string({ default: "", doc: "What the broker shows for the connection." }),
  auth_mechanism: schema.oneOf<BrokerSettings["mechanism"]>(["PLAIN", "EXTERNAL", "AMQPLAIN"], {
    default: "PLAIN",
    doc: "How to prove who one is; EXTERNAL does by the client certificate.",
  }),
  heartbeat: schema.duration({
    default: HEARTBEAT_MS,
    doc: "A connection silent for twice as long is over; 0 never.",
  }),
  connection_timeout: schema.duration({
    default: CONNECTION_TIMEOUT_MS,
    doc: "Longest time to connect; 0 any.",
  }),
  reconnect_delay: schema.duration({ default: 1000, doc: "Wait before the first attempt to connect again." }),
  reconnect_max_delay: schema.duration({
    default: 30_000,
    doc: "Longest wait; it doubles with each attempt.",
  }),
  default_message_ttl: schema.duration({ default: -1, doc: "How long messages of its queues live." }),
  default_queue_ttl: schema.duration({
    default: -1,
    doc: "Another name for default_queue_expiry, which goes first.",
  }),
  default_queue_expiry: schema.duration({ default: -1, doc: "Queues unused for so long are deleted." }),
  prefetch_count: schema.integer({
    default: 0,
    min: 0,
    max: 65_535,
    doc: "Unsettled messages per consumer at most.",
  }),
  frame_size: schema.integer({ default: 0, min: 0, doc: "Bytes of a frame at most, 4096 or more." }),
  channel_max: schema.integer({ default: 0, min: 0, max: 65_535, doc: "Channels per connection at most." }),
  tls: schema.object({
    enabled: schema.boolean({ default: false, doc: "TLS also for an amqp:// URL." }),
    server_name: schema.string({ default: "", doc: "Name that the server's certificate must have." }),
    cert: PEM("Client certificate"),
    key: PEM("Its key"),
    ca: PEM("Authorities to trust"),
    insecure_skip_verify: schema.boolean({ default: false, doc: "Trusts any server; for development." }),
  }),
  lifecycle: schema.any(),
});

type Config = Decoded<typeof CONFIG>;

/** A broker and how to talk to it. */
export interface BrokerSettings {
  /** The broker without credentials, for people. */
  readonly place: string;
  readonly address: Options.Connect;
  readonly socket: SocketOptions;
  readonly mechanism: "PLAIN" | "EXTERNAL" | "AMQPLAIN";
  readonly connectMs: number;
  readonly reconnectMs: number;
  readonly reconnectMsMax: number;
  /** Defaults of declared queues in milliseconds; undefined where the entry says nothing. */
  readonly messageTtlMs: number | undefined;
  readonly queueExpiryMs: number | undefined;
  readonly prefetchMax: number;
}

/** The settings of an entry. Fails with Invalid and names the field. */
export function brokerSettings(config: Config): BrokerSettings {
  const { host, isSecure, password, port, username, vhost } = parseUrl(config);
  if (config.frame_size !== 0 && config.frame_size < FRAME_BYTES_MIN) {
    throw invalid("frame_size", `${FRAME_BYTES_MIN} or more`, config.frame_size);
  }
  const expiry = argumentMs("default_queue_expiry", config.default_queue_expiry, 1) ??
    argumentMs("default_queue_ttl", config.default_queue_ttl, 1);
  const name = config.connection_name;
  return {
    place: `${isSecure ? "amqps" : "amqp"}://${host.includes(":") ? `[${host}]` : host}:${port}/${
      vhost === "/" ? "" : encodeURIComponent(vhost)
    }`,
    address: {
      protocol: isSecure ? "amqps" : "amqp",
      hostname: host,
      port,
      username,
      password,
      vhost: encodeURIComponent(vhost),
      heartbeat: heartbeatSeconds(config.heartbeat),
      frameMax: config.frame_size === 0 ? FRAME_BYTES_DEFAULT : config.frame_size,
      channelMax: config.channel_max,
    },
    socket: {
      noDelay: true,
      clientProperties: { product: "wippy", ...name === "" ? {} : { connection_name: name } },
      ...isSecure ? secureOptions(config) : {},
    },
    mechanism: config.auth_mechanism,
    connectMs: atLeast("connection_timeout", config.connection_timeout, 0),
    reconnectMs: atLeast("reconnect_delay", config.reconnect_delay, 1),
    reconnectMsMax: Math.max(
      config.reconnect_delay,
      atLeast("reconnect_max_delay", config.reconnect_max_delay, 1),
    ),
    messageTtlMs: argumentMs("default_message_ttl", config.default_message_ttl, 0),
    queueExpiryMs: expiry,
    prefetchMax: config.prefetch_count === 0 ? Infinity : config.prefetch_count,
  };
}

/** A duration as a queue's argument; undefined when it is absent, which decodes to -1. Fails with Invalid. */
export function argumentMs(path: string, ms: number, min: number): number | undefined {
  if (ms === -1) return undefined;
  const whole = Math.round(ms);
  if (whole < min || whole > ARGUMENT_MS_MAX) {
    throw invalid(path, `a duration between ${min}ms and ${ARGUMENT_MS_MAX}ms`, `${ms}ms`);
  }
  return whole;
}

function heartbeatSeconds(ms: number): number {
  if (ms < 0 || ms > HEARTBEAT_SECONDS_MAX * 1000) {
    throw invalid("heartbeat", `a duration between 0s and ${HEARTBEAT_SECONDS_MAX}s`, `${ms}ms`);
  }
  return Math.ceil(ms / 1000);
}

function atLeast(path: string, ms: number, min: number): number {
  if (ms < min) throw invalid(path, `a duration of ${min}ms or more`, `${ms}ms`);
  return ms;
}

function parseUrl({ url, vhost, tls, auth_mechanism: mechanism }: Config) {
  // The text itself stays out of messages: it may hold a password.
  const refuse = (): Failure =>
    new Failure("Invalid", "url: expected amqp://user:password@host:port/vhost (or amqps://)", {
      retryable: false,
      details: { path: "url" },
    });
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^amqps?:$/.test(parsed.protocol) || parsed.hostname === "") throw refuse();
  const isSecure = parsed.protocol === "amqps:" || tls.enabled;
  if (mechanism === "EXTERNAL" && (!isSecure || tls.cert === "")) {
    throw new Failure("Invalid", "auth_mechanism: EXTERNAL needs TLS with tls.cert and tls.key", {
      retryable: false,
    });
  }
  const hasUser = parsed.username !== "" || parsed.password !== "";
  try {
    const path = decodeURIComponent(parsed.pathname.slice(1));
    return {
      isSecure,
      host: decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, "$1"),
      port: parsed.port === "" ? (isSecure ? 5671 : 5672) : Number(parsed.port),
      username: hasUser ? decodeURIComponent(parsed.username) : "guest",
      password: hasUser ? decodeURIComponent(parsed.password) : "guest",
      vhost: vhost !== "" ? vhost : path !== "" ? path : "/",
    };
  } catch {
    throw refuse();
  }
}

function secureOptions({ tls }: Config): SocketOptions {
  for (const name of ["cert", "key", "ca"] as const) {
    if (tls[name] !== "" && !tls[name].includes("-----BEGIN ")) {
      throw new Failure("Invalid", `tls.${name}: expected PEM text (inline, file:// or \${env:NAME})`, {
        retryable: false,
        details: { path: `tls.${name}` },
      });
    }
  }
  if ((tls.cert === "") !== (tls.key === "")) {
    throw new Failure("Invalid", "tls.cert and tls.key: expected both or none", { retryable: false });
  }
  return {
    ...tls.server_name === "" ? {} : { servername: tls.server_name },
    ...tls.ca === "" ? {} : { ca: [tls.ca] as never },
    ...tls.cert === "" ? {} : { cert: tls.cert as never, key: tls.key as never },
    rejectUnauthorized: !tls.insecure_skip_verify,
  } as SocketOptions;
}

function invalid(path: string, wanted: string, got: unknown): Failure {
  return new Failure("Invalid", `${path}: expected ${wanted}, got ${String(got)}`, {
    retryable: false,
    details: { path },
  });
}
