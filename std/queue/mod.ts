/** The `queue` module: publishing, and the message a consumer's handler works on. */
import { asFailure, Failure, type Value } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import {
  attachment,
  type Queue,
  type QueueDelivery,
  QueueDeliveryAttachment,
  QueueResource,
} from "../../src/ports/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import types from "./queue.d.lua" with { type: "text" };

type Headers = Record<string, string | number | boolean>;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function idArgument(call: Call): string {
  const id = call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
  if (id === "") throw invalid("queue ID required");
  return id;
}

function queueOf(call: Call, id: string): Queue {
  const queue = call.services.resources.find(QueueResource, id);
  if (queue === undefined) throw new Failure("Internal", `queue not found: ${id}`, { retryable: false });
  return queue;
}

/** The body: a copy that no other process shares anything with. */
function bodyArgument(call: Call): Value {
  if (call.count < 2 || call.type(2) === "nil") throw invalid("message data required");
  const [body] = call.runtime.universe.decode(call.raw(2), true);
  if (body === null || body === undefined) throw invalid("message data required");
  const isEmpty = Array.isArray(body) ? body.length === 0 : isTable(body) && Object.keys(body).length === 0;
  if (isEmpty) throw invalid("message data cannot be empty");
  return body as Value;
}

function isTable(value: LuaValue): value is { [key: string]: LuaValue } {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Headers that can travel; the rest is dropped. */
function headersArgument(call: Call): Headers {
  const headers: Headers = { timestamp: Math.floor(call.services.ports.clock.nowMs() / 1000) };
  if (call.count < 3 || call.type(3) === "nil") return headers;
  const given = call.value(3);
  const entries = given instanceof Map ? given.entries() : isTable(given) ? Object.entries(given) : [];
  for (const [key, value] of entries) {
    if (typeof key !== "string") continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      headers[key] = value;
    } else if (typeof value === "bigint") headers[key] = Number(value);
  }
  return headers;
}

/** Headers that also tell what the message is part of. */
function tracedHeaders(call: Call): Headers {
  const headers = headersArgument(call);
  const { tracing } = call.services;
  const { trace } = call.process.frame;
  if (tracing?.sources.queues === true && trace !== undefined) {
    tracing.inject(trace, (name, value) => headers[name] = value);
  }
  return headers;
}

/** A random (version 4) UUID. */
function messageId(call: Call): string {
  const bytes = call.services.ports.random.bytes(16);
  bytes[6] = bytes[6]! & 0x0f | 0x40;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function refused(error: unknown): Failure {
  const failure = asFailure(error);
  if (failure.kind === "Internal" || failure.kind === "Canceled") return failure;
  return new Failure("Internal", `publishing failed: ${failure.message}`, {
    retryable: failure.retryable,
    cause: failure,
  });
}

const publish: ModuleCommand = (call) => {
  const id = idArgument(call);
  const body = bodyArgument(call);
  call.demand("queue.publish", "", "queue publishing not allowed", { kind: "Invalid" });
  call.demand("queue.publish.queue", id, `not allowed to publish to queue: ${id}`, { kind: "Invalid" });
  const message = { id: messageId(call), body, headers: tracedHeaders(call) };
  const queue = queueOf(call, id);
  try {
    const accepted = queue.publish(message, call.process);
    return accepted instanceof Promise
      ? accepted.then(() => true, (error) => Promise.reject(refused(error)))
      : true;
  } catch (error) {
    throw refused(error);
  }
};

const info: ModuleCommand = (call) => {
  const facts = queueOf(call, idArgument(call)).info();
  return facts as LuaValue | Promise<LuaValue>;
};

/** The delivery a method was called on, while its handler runs. */
function deliveryOf(call: Call): QueueDelivery {
  const delivery = call.self(messageObject);
  if (delivery.released) throw invalid("queue.Message released");
  return delivery;
}

function settle(act: (delivery: QueueDelivery) => void | Promise<void>): ModuleCommand {
  return (call): NativeResult | Promise<NativeResult> => {
    const delivery = deliveryOf(call);
    if (delivery.settled) throw invalid("queue.Message already settled");
    const done = act(delivery);
    return done instanceof Promise ? done.then(() => true) : true;
  };
}

const messageObject: ObjectDefinition<QueueDelivery> = defineObject<QueueDelivery>({
  name: "queue.Message",
  methods: {
    id: (call) => deliveryOf(call).message.id,
    header: (call) => {
      const { headers } = deliveryOf(call).message;
      const key = call.string(2);
      return Object.hasOwn(headers, key) ? headers[key] : null;
    },
    headers: (call) => ({ ...deliveryOf(call).message.headers }),
  },
  commands: {
    ack: settle((delivery) => delivery.ack()),
    nack: settle((delivery) => delivery.nack()),
  },
  tostring: (delivery) =>
    delivery.released ? "queue.Message{released}" : `queue.Message{id=${delivery.message.id}}`,
});

function message(call: Call): NativeResult {
  const delivery = attachment(call.process.frame, QueueDeliveryAttachment);
  if (delivery === undefined) throw invalid("no delivery found in context");
  return call.create(messageObject, delivery);
}

export default defineModule({
  name: "queue",
  types,
  classes: ["nondeterministic", "io"],
  functions: { message },
  commands: { publish, info },
  objects: [messageObject as never],
});
