/**
 * What the main worker and another one of its node tell each other, as frames.
 *
 *   frame = op:u8 length:u32le head payload
 *
 * The head is a list of the VM's codec, the payload bytes that belong to the op: arguments, a message, a result. Where a frame
 * carries a message the head is empty and the payload a signal (`../signal.ts`).
 */
import type { Value } from "../../core/mod.ts";
import { EMPTY_FRAME, type Frame, type Scope } from "../../ports/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";
import type { StartExtras } from "../process_starter.ts";

/** From the main worker to another. */
export const DOWN = {
  /** Begin a process. Head: id, entry, host, parent, sends handled so far, frame. Payload: arguments. */
  start: 1,
  /** A message or event. Payload: signal. */
  message: 2,
  /** End a process by force. Head: id, error. */
  kill: 3,
  /** All that the worker had sent when it asked is handled. Head: id of the process that waits for it. */
  fenced: 4,
  /** A call made by the worker has ended. Head: number, whether it succeeded. Payload: results or the error. */
  result: 5,
  /** An entry's code is new or changed. Head: the definition. */
  define: 6,
  /** Entries' code is gone. Head: ids. */
  undefine: 7,
  /** Entries' code has changed. Head: ids. */
  announce: 8,
  /** Say what is known of your processes. Head: number. */
  facts: 9,
  /** A process that moved is known to have left: say so when all that was on its way to it has been sent back. Head: id. */
  left: 10,
  /** Collect garbage. */
  collect: 11,
  /** Growth of the heap before a collection. Head: percent, or false for none. */
  garbage: 12,
} as const;

/** From another worker to the main one. */
export const UP = {
  /** Ready for work. */
  ready: 1,
  /** Nothing to run. */
  hungry: 2,
  /** A message that cannot fail: the target was alive. Payload: signal. */
  message: 3,
  /** A process has ended. Head: id, whether it ended by itself, turns. Payload: results or the error. */
  exited: 4,
  /** Tell when all before this is handled. Head: id. */
  fence: 5,
  /** Call a function. Head: number, target, options, frame. Payload: arguments. */
  call: 6,
  /** Give up a call. Head: number. */
  cancelCall: 7,
  /** Run a process to its end. Head: number, entry, host, pid of the caller, frame. Payload: arguments. */
  exec: 8,
  /** Asked by a thread that blocks until it has the answer. Head: name, what it needs. Payload: by name. */
  ask: 9,
  /** A log record. Head: level, logger, message, fields. */
  log: 10,
  /** Answers `facts`. Head: number, list. */
  facts: 11,
  /** A function call ended. Head: function, milliseconds, whether it succeeded. */
  observed: 12,
  /** A process has replaced its program. Head: id, entry. */
  upgraded: 13,
  /** A process wants a program that only the main worker can run. Head: id, entry, its mailbox. Payload: arguments. */
  moved: 14,
  /** A message for a process that has left. Payload: signal. */
  returned: 15,
  /** Answers `left`. Head: id. */
  left: 16,
  /** Asked by a process that waits for the answer, a `result`. Head: number, name, what it needs. */
  request: 17,
} as const;

/** Numbers of processes that other workers give: the number of the worker, and one of its own. */
const WORKER_IDS = 2 ** 40;

/** First number of a worker. */
export function idsOf(worker: number): number {
  return worker * WORKER_IDS;
}

/** The worker that gave a number; 0 is the main one. */
export function workerOf(id: number): number {
  return Math.floor(id / WORKER_IDS);
}

/** A frame taken apart; views of its bytes. */
export interface WireFrame {
  readonly op: number;
  readonly head: Uint8Array;
  readonly payload: Uint8Array;
}

const HEAD_AT = 5;
const NOTHING = new Uint8Array(0);

/** The bytes of a frame. */
export function packFrame(op: number, head: Uint8Array = NOTHING, payload: Uint8Array = NOTHING): Uint8Array {
  const bytes = new Uint8Array(HEAD_AT + head.length + payload.length);
  bytes[0] = op;
  new DataView(bytes.buffer).setUint32(1, head.length, true);
  bytes.set(head, HEAD_AT);
  bytes.set(payload, HEAD_AT + head.length);
  return bytes;
}

/** The frame in `bytes`, which come from this program. */
export function unpackFrame(bytes: Uint8Array): WireFrame {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  return {
    op: bytes[0]!,
    head: bytes.subarray(HEAD_AT, HEAD_AT + length),
    payload: bytes.subarray(HEAD_AT + length),
  };
}

/** A table that came through the codec, in which an empty one is a list. */
export function recordOf(value: LuaValue): Record<string, Value> {
  return (Array.isArray(value) || value === null ? {} : value) as Record<string, Value>;
}

/** Bytes that came through the codec, in which they are text when they can be. */
export function bytesOf(value: LuaValue): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value as Uint8Array;
}

/** A frame of security and context as a list; scopes go by number, 0 is none. Attachments stay. */
export function frameToWire(frame: Frame, numberOf: (scope: Scope) => number): LuaValue {
  const { actor, network, scope, values } = frame;
  return [
    actor?.id ?? "",
    actor === null ? false : actor.meta as LuaValue,
    scope === null ? 0 : numberOf(scope),
    values as LuaValue,
    network,
  ];
}

/** The frame behind such a list. */
export function frameFromWire(list: LuaValue, scopeOf: (number: number) => Scope): Frame {
  const [id, meta, scope, values, network] = list as [string, LuaValue, number, LuaValue, string];
  return {
    actor: meta === false ? null : { id, meta: recordOf(meta) },
    scope: scope === 0 ? null : scopeOf(scope),
    values: recordOf(values),
    network,
    attachments: EMPTY_FRAME.attachments,
  };
}

/** What a start has along as the elements of a list. */
export function extrasToWire({ messages, name, options }: StartExtras): LuaValue[] {
  return [name, messages.map(({ topic, values }) => [topic, values]), options as LuaValue];
}

/** What a start has along, from such elements. */
export function extrasFromWire(list: readonly LuaValue[]): StartExtras {
  const [name, messages, options] = list as [string, [string, LuaValue][], LuaValue];
  return {
    name,
    messages: messages.map(([topic, values]) => ({ topic, values: bytesOf(values) })),
    options: recordOf(options),
  };
}
