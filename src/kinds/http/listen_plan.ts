/** Where and how a server listens, as its entry says. */
import {
  type Decoded,
  Failure,
  parseListenAddress,
  RELAY_BUFFER_MESSAGES,
  RELAY_WORKERS_MAX,
  schema,
} from "../../core/mod.ts";
import type { ClientAuthentication, TlsOptions } from "../../ports/mod.ts";
import type { RelaySizes } from "./relay/message_relay.ts";

const TLS = schema.object({
  mode: schema.oneOf(["", "auto", "manual"] as const, { default: "", doc: "Empty for plain HTTP." }),
  cert: schema.string({ default: "", doc: "Certificate chain, PEM." }),
  key: schema.string({ default: "", doc: "Private key, PEM." }),
  client_ca: schema.string({ default: "", doc: "Authorities of client certificates, PEM." }),
  client_auth: schema.oneOf<"" | ClientAuthentication>(
    ["", "request", "require_any", "verify_if_given", "require_and_verify"],
    {
      default: "",
      doc: "What is wanted of client certificates.",
    },
  ),
});

/** Configuration of `http.service`. */
export const SERVICE_CONFIG = schema.object({
  addr: schema.string({ nonEmpty: true, doc: "Listen address, `:8080` or `host:port`." }),
  timeouts: schema.object({
    read: schema.duration({ default: 0, doc: "Reading a whole request; 0 for no limit." }),
    write: schema.duration({ default: 0, doc: "Answering a request; 0 for no limit." }),
    idle: schema.duration({ default: 0, doc: "Idle time of a kept connection; 0 for no limit." }),
  }),
  host: schema.object({
    buffer_size: schema.integer({
      default: RELAY_BUFFER_MESSAGES,
      min: 1,
      doc: "Messages that may wait in each relay worker for clients that do not keep up.",
    }),
    worker_count: schema.integer({
      default: 0,
      min: 0,
      max: RELAY_WORKERS_MAX,
      doc: "Relay workers that the senders are spread over; 0 means the number of processors.",
    }),
  }),
  network: schema.reference({ optional: true, doc: "Overlay network to listen on." }),
  tls: TLS,
  lifecycle: schema.any(),
});

/** A validated plan. Times in milliseconds, 0 for no limit. */
export interface ListenPlan {
  /** As written. */
  readonly address: string;
  /** `""` for every interface. */
  readonly hostname: string;
  readonly port: number;
  /** Overlay to listen on; "" for none. */
  readonly network: string;
  readonly tls: TlsOptions | undefined;
  readonly readMs: number;
  readonly writeMs: number;
  readonly idleMs: number;
  readonly relay: RelaySizes;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function addressOf(text: string): { hostname: string; port: number } {
  const parsed = parseListenAddress(text);
  if (parsed !== undefined) return parsed;
  throw invalid(`addr: "${text}" is not an address (examples: :8080, 127.0.0.1:8080, [::1]:8080)`);
}

function tlsOptions(tls: Decoded<typeof TLS>): TlsOptions | undefined {
  if (tls.mode === "") return undefined;
  if (tls.mode === "auto") {
    if (tls.cert !== "" || tls.key !== "") throw invalid("tls: mode auto takes no cert and no key");
    throw invalid("tls: mode auto needs a network that supplies certificates");
  }
  if (tls.cert === "" || tls.key === "") throw invalid("tls: mode manual needs cert and key");
  const authentication: ClientAuthentication = tls.client_auth === "" ? "none" : tls.client_auth;
  const verifies = authentication === "verify_if_given" || authentication === "require_and_verify";
  if (verifies && tls.client_ca === "") throw invalid(`tls: client_auth ${authentication} needs client_ca`);
  return {
    cert: tls.cert,
    key: tls.key,
    clientCa: tls.client_ca === "" ? undefined : tls.client_ca,
    clientAuthentication: authentication,
  };
}

/** The plan of a decoded entry on a machine of so many processors; every problem is Invalid. */
export function planListen(config: Decoded<typeof SERVICE_CONFIG>, cpus: number): ListenPlan {
  return {
    address: config.addr,
    ...addressOf(config.addr),
    network: config.network,
    tls: tlsOptions(config.tls),
    readMs: config.timeouts.read,
    writeMs: config.timeouts.write,
    idleMs: config.timeouts.idle,
    relay: { workers: config.host.worker_count || cpus, bufferSize: config.host.buffer_size },
  };
}

/** The address of a plan with the port that was found when any would do. */
export function printAddress(plan: ListenPlan, port: number): string {
  if (plan.port !== 0) return plan.address;
  return `${plan.address.slice(0, plan.address.lastIndexOf(":"))}:${port}`;
}
