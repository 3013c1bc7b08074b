/** Messages as AMQP carries them. */
import type { ConsumeMessage, MessageProperties, Options } from "amqplib";
import type { Value } from "../../../core/mod.ts";
import type { QueueCodec, QueueMessage } from "../../../ports/mod.ts";

/** Bytes of a text that may stand in a property. */
const PROPERTY_BYTES_MAX = 255;
/** How often the message was delivered before, where that is more than never. */
const DELIVERY_COUNT = "x_delivery_count";
/** The broker's own count, which some types of queues have. */
const BROKER_DELIVERY_COUNT = "x-delivery-count";

type Headers = QueueMessage["headers"];

/** What a message is published with. */
export function propertiesOf(
  { id, headers }: QueueMessage,
  contentType: string,
  isDurable: boolean,
): Options.Publish & { messageId: string } {
  const { timestamp, correlation_id, reply_to } = headers;
  return {
    messageId: id,
    contentType,
    persistent: isDurable,
    mandatory: true,
    headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, fieldOf(value)])),
    ...typeof timestamp === "number" && Number.isSafeInteger(timestamp) && timestamp >= 0
      ? { timestamp }
      : {},
    ...isShort(correlation_id) ? { correlationId: correlation_id } : {},
    ...isShort(reply_to) ? { replyTo: reply_to } : {},
  };
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && new TextEncoder().encode(value).length <= PROPERTY_BYTES_MAX;
}

/** Numbers that the library would take for integers are marked. */
function fieldOf(value: string | number | boolean): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) ? { "!": "double", value } : value;
}

/** What is known of a delivery beside what the message says. */
export interface DeliveryFacts {
  /** The queue's codec first, then others that a message may name by its type. */
  readonly codecs: readonly QueueCodec[];
  /** An id for a message that has none. */
  readonly freshId: () => string;
  readonly nowMs: number;
  /** How often this message came before, as far as is known here. */
  readonly deliveriesBefore: number;
}

/** The id that its publisher gave the message, `""` when none. */
export function publishedId({ properties }: ConsumeMessage): string {
  return typeof properties.messageId === "string" ? properties.messageId : "";
}

/** A message that came. Fails with Invalid when its body can't be read. */
export function messageOf(delivered: ConsumeMessage, facts: DeliveryFacts): QueueMessage {
  const { content, properties } = delivered;
  return {
    id: publishedId(delivered) || facts.freshId(),
    body: bodyOf(content, properties.contentType, facts.codecs),
    headers: headersOf(properties, facts),
  };
}

/** As the type of the message says, so that those of other producers can be read; else as the queue's codec. */
function bodyOf(content: Uint8Array, contentType: unknown, codecs: readonly QueueCodec[]): Value {
  const type = typeof contentType === "string" ? contentType.split(";")[0]!.trim().toLowerCase() : "";
  if (type.startsWith("text/")) return new TextDecoder().decode(content);
  if (type === "application/octet-stream") return new Uint8Array(content);
  const codec = codecs.find((each) => each.contentType === type) ?? codecs[0]!;
  return codec.decode(content);
}

function headersOf(
  properties: MessageProperties,
  { deliveriesBefore, nowMs, codecs }: DeliveryFacts,
): Headers {
  const headers: Headers = {};
  const given: Record<string, unknown> = properties.headers ?? {};
  for (const [key, field] of Object.entries(given)) {
    const value = plainField(field);
    if (value !== undefined) headers[key] = value;
  }
  const { correlationId, replyTo, type, appId, userId, priority, contentType, timestamp } = properties;
  const named: Record<string, unknown> = {
    correlation_id: correlationId,
    reply_to: replyTo,
    type,
    app_id: appId,
    user_id: userId,
    priority,
    content_type: contentType === codecs[0]?.contentType ? undefined : contentType,
    timestamp: timestamp ?? Math.floor(nowMs / 1000),
  };
  for (const [key, property] of Object.entries(named)) {
    const value = plainField(property);
    if (value !== undefined && !Object.hasOwn(headers, key)) headers[key] = value;
  }
  delete headers[DELIVERY_COUNT];
  const counted = given[BROKER_DELIVERY_COUNT];
  const before = typeof counted === "number" ? Math.max(counted, deliveriesBefore) : deliveriesBefore;
  if (before > 0) headers[DELIVERY_COUNT] = before;
  return headers;
}

/** What a header may be; tables, lists and nothing are dropped. */
function plainField(field: unknown): string | number | boolean | undefined {
  if (typeof field === "string" || typeof field === "number" || typeof field === "boolean") return field;
  if (field instanceof Uint8Array) return new TextDecoder().decode(field);
  const marked = field as { readonly "!"?: unknown; readonly value?: unknown } | null | undefined;
  return marked?.["!"] === "timestamp" && typeof marked.value === "number" ? marked.value : undefined;
}
