/**
 * `network.i2p`: connections and listeners through the SAM bridge of an I2P router.
 *
 * I1. The session is opened when it is first needed, and once for all who need it; one that ended is opened anew for the next.
 * I2. Those who come in are brought to a port of this machine by the router, which has to be on it or to reach it.
 */
import { Failure, schema } from "../../core/mod.ts";
import {
  type Clock,
  type Cryptography,
  type Network,
  NetworkResource,
  type NodeAddress,
  type NodeNetwork,
  type OverlayListen,
  type OverlayListener,
  type Random,
  type SamBridge,
} from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { SamConnection } from "./sam_session.ts";

/** Characters of an id that nobody gave: two programs at one router must not have the same. */
const ID_BYTES = 8;
/** Ed25519: what the network wants of destinations today. */
const SIGNATURE_TYPE = 7;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

interface I2pParts {
  readonly bridge: NodeAddress;
  readonly session: string;
  readonly clock: Clock;
  readonly nodeNetwork: NodeNetwork;
  readonly cryptography: Cryptography;
}

/** An overlay behind one bridge. */
class I2pNetwork implements Network {
  readonly listening: OverlayListen;
  readonly #parts: I2pParts;
  #session: Promise<SamConnection> | undefined;
  #isClosed = false;

  constructor(parts: I2pParts) {
    this.#parts = parts;
    const isNear = LOOPBACK.test(parts.bridge.host);
    this.listening = {
      hostname: isNear ? "127.0.0.1" : "",
      open: (port, signal) => this.#listen(port, isNear, signal),
    };
  }

  async proxy(signal: AbortSignal): Promise<SamBridge> {
    await abortable(this.#open(), signal);
    return { ...this.#parts.bridge, session: this.#parts.session };
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.then((session) => session.close(), () => {});
  }

  #open(): Promise<SamConnection> {
    if (this.#isClosed) return Promise.reject(new Failure("Unavailable", "the network was closed"));
    if (this.#session !== undefined) return this.#session;
    const opening = this.#session = this.#create();
    const forget = (): void => {
      if (this.#session === opening) this.#session = undefined;
    };
    opening.then((session) => session.ended.then(forget), forget);
    return opening;
  }

  async #create(): Promise<SamConnection> {
    const { bridge, session } = this.#parts;
    const connection = await SamConnection.open(this.#parts, bridge);
    try {
      await connection.ask(
        `SESSION CREATE STYLE=STREAM ID=${session} DESTINATION=TRANSIENT SIGNATURE_TYPE=${SIGNATURE_TYPE}`,
      );
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#isClosed) connection.close();
    return connection;
  }

  async #listen(port: number, isNear: boolean, signal: AbortSignal): Promise<OverlayListener> {
    const { bridge, session: id } = this.#parts;
    const session = await abortable(this.#open(), signal);
    const me = await abortable(session.ask("NAMING LOOKUP NAME=ME"), signal);
    const address = this.#addressOf(me.values["VALUE"] ?? "");
    const forward = await SamConnection.open(this.#parts, bridge, signal);
    try {
      // Without a host the router takes the one that asks.
      const host = isNear ? " HOST=127.0.0.1" : "";
      await forward.ask(`STREAM FORWARD ID=${id} PORT=${port}${host} SILENT=true`);
    } catch (error) {
      forward.close();
      throw error;
    }
    const { promise: lost, resolve } = Promise.withResolvers<Failure>();
    let isClosed = false;
    void Promise.race([session.ended, forward.ended]).then((failure) => isClosed || resolve(failure));
    return {
      address,
      lost,
      close() {
        isClosed = true;
        forward.close();
      },
    };
  }

  /** The short name of a destination: a digest of it, in base 32. */
  #addressOf(destination: string): string {
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.fromBase64(destination.replaceAll("-", "+").replaceAll("~", "/"));
    } catch (cause) {
      const { host, port } = this.#parts.bridge;
      throw new Failure("Unavailable", `I2P bridge ${host}:${port} does not say which destination this is`, {
        retryable: true,
        cause,
      });
    }
    return `${base32(this.#parts.cryptography.digest("sha256", bytes))}.b32.i2p`;
  }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

const BASE_32 = "abcdefghijklmnopqrstuvwxyz234567";

function base32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = held << 8 | byte;
    bits += 8;
    while (bits >= 5) text += BASE_32[held >> (bits -= 5) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + BASE_32[held << (5 - bits) & 31];
}

function newId(random: Random): string {
  return `wippy-${random.bytes(ID_BYTES).toHex()}`;
}

export default defineKind({
  name: "network.i2p",
  doc:
    "An overlay network behind the SAM bridge of an I2P router, for connections to the outside and for servers.",
  config: schema.object({
    host: schema.string({ nonEmpty: true, doc: "Host of the bridge." }),
    port: schema.integer({ min: 1, max: 65_535, doc: "Port of the bridge." }),
    session_name: schema.string({
      default: "",
      doc: "Id of the session at the router; by default a random one.",
    }),
  }),
  provides: NetworkResource,
  open({ id, config: { host, port, session_name: name }, ports }) {
    if (/[\s"=]/.test(name)) {
      throw new Failure("Invalid", `session_name "${name}": no spaces, quotes or =`, { retryable: false });
    }
    const { clock, cryptography, nodeNetwork, random } = ports;
    const session = name === "" ? newId(random.stream(`network ${id}`)) : name;
    return {
      resource: new I2pNetwork({ bridge: { host, port }, session, clock, nodeNetwork, cryptography }),
    };
  },
  close({ resource }) {
    (resource as I2pNetwork).close();
  },
});
