/**
 * Messages as SQS carries them: a text, and up to ten attributes.
 *
 * SM1. Headers come back as they were, kind of value included; what SQS can't carry is refused before anything is sent.
 * SM2. `sqs.delay_seconds`, `sqs.message_group_id` and `sqs.message_deduplication_id` become fields, all others attributes.
 * SM3. Headers `x_*` are the runtime's own: those of a publisher don't travel.
 */
import type { Message, MessageAttributeValue, SendMessageCommandInput } from "@aws-sdk/client-sqs";
import { Failure, SQS_ATTRIBUTES_MAX, type Value } from "../../../core/mod.ts";
import type { QueueCodec, QueueMessage } from "../../../ports/mod.ts";

type Headers = QueueMessage["headers"];
type Header = Headers[string];

const DELAY = "sqs.delay_seconds";
const GROUP = "sqs.message_group_id";
const DEDUPLICATION = "sqs.message_deduplication_id";
const FIELDS = new Set([DELAY, GROUP, DEDUPLICATION]);
const DELAY_SECONDS_MAX = 900;
const RESERVED = "x_";
/** How often the message was delivered before, where that is more than never. */
const DELIVERY_COUNT = "x_delivery_count";
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;
/** A number that SQS takes for one. */
const PLAIN_NUMBER = /^-?\d{1,38}(\.\d{1,38})?$/;
/** Types of attributes that are text to others: SQS lets one add a word of one's own. */
const BOOLEAN_TYPE = "String.boolean";
const NUMBER_TYPE = "String.number";
/** SQS takes what XML can hold. */
// deno-lint-ignore no-control-regex
const NO_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const NONCHARACTERS = /[\ufffe\uffff]/g;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** What a message is sent as, less its queue. */
export function sendingOf(
  { body, headers }: QueueMessage,
  codec: QueueCodec,
): Omit<SendMessageCommandInput, "QueueUrl"> {
  const attributes = Object.entries(headers).filter(([name]) =>
    !FIELDS.has(name) && !name.startsWith(RESERVED)
  );
  if (attributes.length > SQS_ATTRIBUTES_MAX) {
    throw invalid(
      `SQS carries at most ${SQS_ATTRIBUTES_MAX} headers, timestamp included; there are ${attributes.length}`,
    );
  }
  return {
    MessageBody: printBody(body, codec),
    MessageAttributes: Object.fromEntries(
      attributes.map(([name, value]) => [name, attributeOf(name, value)]),
    ),
    DelaySeconds: delayOf(headers[DELAY]),
    MessageGroupId: textOf(headers, GROUP),
    MessageDeduplicationId: textOf(headers, DEDUPLICATION),
  };
}

/** JSON as it is; what is no text, in base64. */
function printBody(body: Value, codec: QueueCodec): string {
  const bytes = codec.encode(body);
  if (codec.contentType !== "application/json") return bytes.toBase64();
  return new TextDecoder().decode(bytes).replace(
    NONCHARACTERS,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

function readBody(text: string, codec: QueueCodec): Value {
  if (codec.contentType === "application/json") return codec.decode(new TextEncoder().encode(text));
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text);
  } catch (cause) {
    throw new Failure("Invalid", "message body is no base64", { retryable: false, cause });
  }
  return codec.decode(bytes);
}

function delayOf(value: Header | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (
    typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 0 && seconds <= DELAY_SECONDS_MAX
  ) {
    return seconds;
  }
  throw invalid(`${DELAY} must be a whole number from 0 to ${DELAY_SECONDS_MAX}, got ${value}`);
}

function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (typeof value === "boolean" || value === "") throw invalid(`${name} must be a text that is not empty`);
  return String(value);
}

function attributeOf(name: string, value: Header): MessageAttributeValue {
  if (!ATTRIBUTE_NAME.test(name)) {
    throw invalid(`SQS carries no header called ${name}: letters, digits, _, - and single dots inside`);
  }
  const text = String(value);
  if (typeof value === "number") {
    return { DataType: PLAIN_NUMBER.test(text) ? "Number" : NUMBER_TYPE, StringValue: text };
  }
  if (typeof value === "boolean") return { DataType: BOOLEAN_TYPE, StringValue: text };
  if (text === "") throw invalid(`SQS carries no empty header: ${name}`);
  if (NO_XML.test(text) || !text.isWellFormed()) {
    throw invalid(`SQS carries no control characters: header ${name}`);
  }
  return { DataType: "String", StringValue: text };
}

function headerOf({ BinaryValue, DataType, StringValue }: MessageAttributeValue): Header | undefined {
  if (StringValue === undefined) {
    return BinaryValue === undefined ? undefined : new TextDecoder().decode(BinaryValue);
  }
  if (DataType === BOOLEAN_TYPE) return StringValue === "true";
  const isNumber = DataType === NUMBER_TYPE || DataType === "Number" || DataType?.startsWith("Number.");
  return isNumber ? Number(StringValue) : StringValue;
}

/** The id that SQS gave a message. */
export function idOf({ MessageId }: Message): string {
  return MessageId ?? "";
}

/** A message that came. Fails with Invalid when its body can't be read. */
export function messageOf(delivered: Message, codec: QueueCodec): QueueMessage {
  const headers: Headers = {};
  for (const [name, attribute] of Object.entries(delivered.MessageAttributes ?? {})) {
    const value = headerOf(attribute);
    if (value !== undefined && name !== DELIVERY_COUNT) headers[name] = value;
  }
  const facts = delivered.Attributes ?? {};
  if (facts.MessageGroupId !== undefined) headers[GROUP] = facts.MessageGroupId;
  if (facts.MessageDeduplicationId !== undefined) headers[DEDUPLICATION] = facts.MessageDeduplicationId;
  const before = Number(facts.ApproximateReceiveCount ?? 1) - 1;
  if (before > 0) headers[DELIVERY_COUNT] = before;
  headers["timestamp"] ??= Math.floor(Number(facts.SentTimestamp ?? 0) / 1000);
  return { id: idOf(delivered), body: readBody(delivered.Body ?? "", codec), headers };
}
