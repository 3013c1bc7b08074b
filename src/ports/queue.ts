/** Message queues: provided by `queue.queue` over a driver, used by the `queue` module and consumers. */
import type { Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";
import { defineAttachment } from "./runtime.ts";
import type { Waiter } from "./waiter.ts";

/** A message on its way. `body` may hold whole floats wrapped (`LuaFloat` of `src/vm`), so that they stay floats. */
export interface QueueMessage {
  id: string;
  body: Value;
  headers: Record<string, string | number | boolean>;
}

/** A message handed to a consumer. Settling is single-shot. */
export interface QueueDelivery {
  readonly message: QueueMessage;
  readonly settled: boolean;
  /** True once the handler has ended; drivers leave it false, the consumer answers it for its handler. */
  readonly released: boolean;
  /** True once the driver can't settle it any more and it will be delivered again: handling it is in vain. */
  readonly lost?: boolean;
  ack(): void | Promise<void>;
  nack(): void | Promise<void>;
}

/** What a consumer asks of its driver. */
export interface QueueConsumeOptions {
  /** The broker settles on delivery; drivers without a broker ignore it. */
  readonly autoAck: boolean;
  /** The consumer's own options for each driver, by driver name. */
  readonly driverOptions: Readonly<Record<string, Value>>;
}

/** A consumer's hold on a queue. */
export interface QueueConsumption {
  /** Ends deliveries: none comes after this. What was delivered can still be settled. */
  pause(): void;
  /** Gives back what is unsettled and lets go of the queue. */
  close(): Promise<void> | void;
}

/** One queue. */
export interface Queue {
  /** Makes sure of the queue outside, where there is an outside; asked when its service starts, and may be asked again. */
  open?(signal: AbortSignal): Promise<void> | void;
  /** Resolves when accepted; waits while a bounded queue is full. */
  publish(message: QueueMessage, caller?: Waiter): Promise<void> | void;
  /** Hands over messages, up to `prefetch` unsettled ones. */
  consume(
    prefetch: number,
    receive: (delivery: QueueDelivery) => void,
    options?: QueueConsumeOptions,
  ): Promise<QueueConsumption> | QueueConsumption;
  info(): Promise<Record<string, Value>> | Record<string, Value>;
}

/** How bodies travel, for drivers whose messages leave the runtime. */
export interface QueueCodec {
  /** Its name in entries, e.g. `json/plain`. */
  readonly name: string;
  /** MIME type of what it writes. */
  readonly contentType: string;
  /** Fails with Invalid for a body that it can't carry. */
  encode(body: Value): Uint8Array;
  /** Fails with Invalid for what it can't read: that will never be readable, so it must not come again for ever. */
  decode(bytes: Uint8Array): Value;
}

/** What a queue is declared with. */
export interface QueueDeclaration {
  /** Its name outside. */
  readonly name: string;
  readonly codec: QueueCodec;
  /** Options of each driver by driver name; a driver reads only its own. */
  readonly driverOptions: Readonly<Record<string, Value>>;
}

/** Declares queues; a driver with an outside need not reach it for that, since entries come before services run. */
export interface QueueDriver {
  /** A queue of this id, the same object when it is declared anew. Fails with Invalid for options that make no sense. */
  declare(id: string, declaration: QueueDeclaration): Promise<Queue> | Queue;
  remove(id: string): Promise<void> | void;
}

/** Resource type of queues. */
export const QueueResource = defineResource<Queue>("queue");
/** Resource type of queue drivers. */
export const QueueDriverResource = defineResource<QueueDriver>("queue.driver");
/** The delivery a consumer's handler works on. */
export const QueueDeliveryAttachment = defineAttachment<QueueDelivery>("queue.delivery");
