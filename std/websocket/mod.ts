/** The `websocket` module: connections to WebSocket servers. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { type NetworkProxy, NetworkResource } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import { Client } from "./client.ts";
import { readOptions } from "./options.ts";
import types from "./websocket.d.lua" with { type: "text" };

const TEXT = 1;
const BINARY = 2;
const CLOSE_CODE_MIN = 1000;
const CLOSE_CODE_MAX = 4999;
/** A control frame has this much room for the reason. */
const REASON_BYTES_MAX = 123;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "ws:" && url.protocol !== "wss:" || url.hash !== "") {
    throw invalid(`invalid WebSocket URL: ${text} (ws or wss)`);
  }
  return url;
}

/** The caller's overlay, which a connection goes through like a request. */
async function proxyOf(call: Call, signal: AbortSignal): Promise<NetworkProxy | undefined> {
  const id = call.process.frame.network || call.services.defaultNetwork;
  if (id === "") return undefined;
  const network = call.services.resources.find(NetworkResource, id);
  if (network === undefined) throw new Failure("NotFound", `network not found: ${id}`, { retryable: false });
  return await network.proxy(signal);
}

const connect: ModuleCommand = async (call) => {
  const written = call.string(1);
  const options = readOptions(call.count < 2 ? null : call.value(2));
  const url = urlOf(written);
  call.demand("websocket.connect", "", "websocket connections not allowed");
  call.demand("websocket.connect.url", written, `not allowed: ${written}`);
  const { clock } = call.services.ports;
  const client = new Client(call.openChannel(options.channelCapacity), clock, options);
  const attempt = new AbortController();
  const forget = call.process.onEnd(() => {
    attempt.abort(new Failure("Canceled", `${written}: canceled`, { retryable: false }));
    client.abandon();
  });
  const timer = clock.timer(options.dialTimeoutMs, () => {
    const message = `timed out after ${options.dialTimeoutMs / 1000}s`;
    attempt.abort(new Failure("Unavailable", message, { retryable: true }));
  });
  try {
    client.opened(
      await call.services.ports.webSockets.dial({
        url,
        headers: options.headers,
        protocols: options.protocols,
        compression: options.compression,
        compressionThresholdBytes: options.compressionThresholdBytes,
        messageBytesMax: options.messageBytesMax,
        proxy: await proxyOf(call, attempt.signal),
        signal: attempt.signal,
        message: (data, isText) => client.received(data, isText),
        heard: () => client.heard(),
        closed: () => {
          forget();
          client.closed();
        },
      }),
    );
  } catch (error) {
    forget();
    client.fed.release();
    if (!(error instanceof Failure) || error.kind !== "Unavailable") throw error;
    throw new Failure("Internal", `connect ${written}: ${error.message}`, { retryable: true, cause: error });
  } finally {
    timer.cancel();
  }
  return call.create(clientObject, client);
};

const send: ModuleCommand = (call) => {
  const client = call.self(clientObject);
  const data = call.bytes(2).slice();
  const type = call.count < 3 || call.type(3) === "nil" ? TEXT : call.number(3);
  if (type !== TEXT && type !== BINARY) {
    throw invalid("message type must be websocket.TEXT or websocket.BINARY");
  }
  return client.send(data, type === TEXT).then(() => true);
};

const close: ModuleCommand = (call) => {
  const client = call.self(clientObject);
  const code = call.count < 2 || call.type(2) === "nil" ? undefined : call.number(2);
  const reason = call.count < 3 || call.type(3) === "nil" ? "" : call.string(3);
  if (code !== undefined && !(Number.isInteger(code) && code >= CLOSE_CODE_MIN && code <= CLOSE_CODE_MAX)) {
    throw invalid(`close code must be from ${CLOSE_CODE_MIN} to ${CLOSE_CODE_MAX}, not ${code}`);
  }
  if (new TextEncoder().encode(reason).length > REASON_BYTES_MAX) {
    throw invalid(`close reason is longer than ${REASON_BYTES_MAX} bytes`);
  }
  client.close(code, reason);
  return Promise.resolve(true);
};

function channelOf(call: Call): NativeResult {
  return call.self(clientObject).fed.channel;
}

// Lua dropping the client does not end the connection: its channel may still be in use. That ends with its process.
const clientObject: ObjectDefinition<Client> = defineObject<Client>({
  name: "websocket.Client",
  release: (client) => client.drop(),
  methods: { channel: channelOf, receive: channelOf },
  commands: { send, close, ping: (call) => call.self(clientObject).ping().then(() => true) },
});

export default defineModule({
  name: "websocket",
  types,
  classes: ["network", "io", "nondeterministic"],
  numbers: { connect: 80, "Client:send": 81, "Client:receive": 82, "Client:close": 83, "Client:ping": 84 },
  constants: {
    TEXT,
    BINARY,
    TYPE_TEXT: "text",
    TYPE_BINARY: "binary",
    TYPE_PING: "ping",
    TYPE_PONG: "pong",
    TYPE_CLOSE: "close",
    COMPRESSION: { DISABLED: 0, CONTEXT_TAKEOVER: 1, NO_CONTEXT: 2 },
    CLOSE_CODES: {
      NORMAL: 1000,
      GOING_AWAY: 1001,
      PROTOCOL_ERROR: 1002,
      UNSUPPORTED_DATA: 1003,
      RESERVED: 1004,
      NO_STATUS: 1005,
      ABNORMAL_CLOSURE: 1006,
      INVALID_PAYLOAD: 1007,
      POLICY_VIOLATION: 1008,
      MESSAGE_TOO_BIG: 1009,
      MANDATORY_EXTENSION: 1010,
      INTERNAL_ERROR: 1011,
      SERVICE_RESTART: 1012,
      TRY_AGAIN_LATER: 1013,
      BAD_GATEWAY: 1014,
      TLS_HANDSHAKE: 1015,
    },
  },
  commands: { connect },
  objects: [clientObject as never],
});
