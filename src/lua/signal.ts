/**
 * What travels between universes, as bytes: messages, wishes about a process elsewhere, and the news of its end.
 *
 *   signal = kind:u8 to:text from:text name:text payload
 *   text   = length:u32le utf8
 *
 * `name` is the topic of a message and the reason of a cancellation. The payload is an encoded list of the VM's codec.
 */
import { Failure } from "../core/mod.ts";

/** Kinds of signals; their order is their number on the wire. */
const KINDS = ["message", "cancel", "terminate", "watch", "link", "unlink", "ended"] as const;

/** What a signal asks or says. `ended` tells of the end of `from`, with its value and error as payload. */
export type SignalKind = (typeof KINDS)[number];

/** A signal. */
export interface Signal {
  readonly kind: SignalKind;
  /** Pid text of whom it is for. */
  readonly to: string;
  /** Pid text of whom it comes from; "" when nobody stands behind it. */
  readonly from: string;
  readonly name: string;
  /** An encoded list; empty for kinds that carry none. */
  readonly payload: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const LENGTH_BYTES = 4;

/** The bytes of a signal. */
export function encodeSignal({ kind, to, from, name, payload }: Signal): Uint8Array {
  const texts = [to, from, name].map((text) => encoder.encode(text));
  const size = texts.reduce((sum, text) => sum + LENGTH_BYTES + text.length, 1 + payload.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[0] = KINDS.indexOf(kind);
  let at = 1;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + LENGTH_BYTES);
    at += LENGTH_BYTES + text.length;
  }
  bytes.set(payload, at);
  return bytes;
}

/** The signal in `bytes`; fails with Invalid when there is none. The payload is a view of them. */
export function decodeSignal(bytes: Uint8Array): Signal {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  if (kind === undefined) throw malformed();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 1;
  const text = (): string => {
    if (at + LENGTH_BYTES > bytes.length) throw malformed();
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at, true);
    if (at > bytes.length) throw malformed();
    try {
      return decoder.decode(bytes.subarray(start, at));
    } catch {
      throw malformed();
    }
  };
  const to = text();
  const from = text();
  return { kind, to, from, name: text(), payload: bytes.subarray(at) };
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed signal from another node or worker");
}
