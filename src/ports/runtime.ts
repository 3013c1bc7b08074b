/**
 * Calls, processes and messages as entry kinds and modules use them, whatever language runs behind.
 */
import type { Failure, Value } from "../core/mod.ts";
import type { Actor, Scope } from "./security.ts";
import type { TraceContext } from "./tracing.ts";

/** A typed key for something attached to a call or process: an HTTP exchange, a queue delivery, a terminal. */
export interface AttachmentType<T> {
  readonly name: string;
  readonly phantom?: T;
}

/** Declares an attachment type. */
export function defineAttachment<T>(name: string): AttachmentType<T> {
  return { name };
}

/** The context that calls and processes inherit. Immutable; `null` actor or scope means incomplete. */
export interface Frame {
  readonly actor: Actor | null;
  readonly scope: Scope | null;
  /** Values readable through `ctx`. */
  readonly values: Readonly<Record<string, Value>>;
  /** Overlay network id, `""` for none. */
  readonly network: string;
  /** Attachments by type name; they reach functions called from here, not spawned processes. */
  readonly attachments: ReadonlyMap<string, unknown>;
  /** What this is part of, when it is traced. */
  readonly trace?: TraceContext;
}

/** A frame with nothing in it. */
export const EMPTY_FRAME: Frame = {
  actor: null,
  scope: null,
  values: {},
  network: "",
  attachments: new Map(),
};

/** Reads an attachment of a frame. */
export function attachment<T>(frame: Frame, type: AttachmentType<T>): T | undefined {
  return frame.attachments.get(type.name) as T | undefined;
}

/** A frame with one more attachment. */
export function withAttachment<T>(frame: Frame, type: AttachmentType<T>, value: T): Frame {
  const attachments = new Map(frame.attachments);
  attachments.set(type.name, value);
  return { ...frame, attachments };
}

/** How a call ended. */
export type CallOutcome = { ok: true; value: Value } | { ok: false; failure: Failure };

/** How a process ended. */
export interface ProcessExit {
  readonly pid: string;
  readonly value: Value;
  /** null after a clean end. */
  readonly failure: Failure | null;
}

/** Options of a spawn from outside Lua. */
export interface SpawnOptions {
  args?: Value[];
  frame?: Frame;
  name?: string;
  /** Somebody will start it again when it ends; refused by hosts whose processes outlive the program. */
  supervised?: boolean;
  onExit?: (exit: ProcessExit) => void;
}

/** Functions and processes of this node. */
export interface Runtime {
  /**
   * Calls a function; never throws, never rejects. Abort `signal` to cancel the callee. When the callee finishes within
   * this turn the outcome comes back at once, without a promise.
   */
  call(
    target: string,
    args: Value[],
    options?: { frame?: Frame; signal?: AbortSignal; options?: Record<string, Value> },
  ): CallOutcome | Promise<CallOutcome>;
  /** Starts a process; throws a Failure (NotFound `factory not found`, `host not found`, ...). */
  spawn(entryId: string, hostId: string, options?: SpawnOptions): string;
  /** Sends a message under `topic`; throws when the destination is unknown. `from` is a pid text or "". */
  send(destination: string, topic: string, values: Value[], from?: string): void;
  /** As `send`, to a pid, with values that are encoded already. */
  deliver(pid: string, topic: string, values: Uint8Array, from: string): void;
  /** Delivers CANCEL; throws Internal `process not found`. */
  cancel(destination: string, reason: string, from?: string): void;
  /** Ends it by force. */
  terminate(destination: string): void;
  /** Calls `onExit` when the process ends; at once when it is gone. Returns a function that stops watching. */
  watch(pid: string, onExit: (exit: ProcessExit) => void): () => void;
  /**
   * Registers a native process (an HTTP session, a relay): it has a pid, can be sent to, monitored and linked.
   * `end` must be called once when it is over.
   */
  openNative(hostId: string, receive: NativeReceiver): NativeProcess;
  /** Whether who acts under this frame may do `action` on `resource`. */
  permits(frame: Frame, action: string, resource: string): boolean;
}

/** A native process, for the one who made it. */
export interface NativeProcess {
  readonly pid: string;
  /** It is over: those who watch are told. */
  end(value: Value, failure: Failure | null): void;
  /** It is gone from here without having ended; nobody is told. */
  leave(): void;
}

/** What a native process does with what reaches it. */
export interface NativeReceiver {
  message(topic: string, values: Value[], from: string): void;
  event(
    event: { kind: string; from: string; reason?: string; result?: { value: Value; error: Failure | null } },
  ): void;
  /** Ends it by force; without it a forced end is a CANCEL event. */
  terminate?(): void;
}
