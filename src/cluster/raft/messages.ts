/** What members of the consensus core say to each other. Any of it may be lost, repeated or come late. */
import { Failure, type Value, type ValueMap } from "../../core/mod.ts";
import type { EntryKind, LogEntry } from "./log.ts";

/** A message of the core. */
export type RaftMessage =
  /** Asks for a vote; with `isTrial` only whether one would be given. */
  | { kind: "ask"; term: number; lastIndex: number; lastTerm: number; isTrial: boolean }
  | { kind: "vote"; term: number; isTrial: boolean; granted: boolean }
  | {
    kind: "append";
    term: number;
    previous: number;
    previousTerm: number;
    entries: readonly LogEntry[];
    commit: number;
    /** Number of the round, to tell which ones were answered. */
    round: number;
  }
  /** `last` is the last index known to agree, or where to try next. */
  | { kind: "appended"; term: number; ok: boolean; last: number; round: number }
  | {
    kind: "snapshot";
    term: number;
    index: number;
    indexTerm: number;
    config: Uint8Array;
    /** A part of the data, and where it belongs. */
    offset: number;
    data: Uint8Array;
    size: number;
    round: number;
  }
  | { kind: "received"; term: number; index: number; offset: number; round: number };

const ENTRY_KINDS: readonly EntryKind[] = ["noop", "config", "command"];

/** A message as plain data. */
export function packRaft(message: RaftMessage): ValueMap {
  if (message.kind !== "append") return { ...message };
  const entries = message.entries.map(({ term, kind, data }) => [term, ENTRY_KINDS.indexOf(kind), data]);
  return { ...message, entries };
}

const FIELDS: Readonly<
  Record<RaftMessage["kind"], Readonly<Record<string, "whole" | "flag" | "bytes" | "entries">>>
> = {
  ask: { term: "whole", lastIndex: "whole", lastTerm: "whole", isTrial: "flag" },
  vote: { term: "whole", isTrial: "flag", granted: "flag" },
  append: {
    term: "whole",
    previous: "whole",
    previousTerm: "whole",
    entries: "entries",
    commit: "whole",
    round: "whole",
  },
  appended: { term: "whole", ok: "flag", last: "whole", round: "whole" },
  snapshot: {
    term: "whole",
    index: "whole",
    indexTerm: "whole",
    config: "bytes",
    offset: "whole",
    data: "bytes",
    size: "whole",
    round: "whole",
  },
  received: { term: "whole", index: "whole", offset: "whole", round: "whole" },
};

/** The message in plain data; fails with Invalid. */
export function unpackRaft(value: ValueMap): RaftMessage {
  const kind = String(value["kind"]);
  if (!Object.hasOwn(FIELDS, kind)) throw malformed();
  const message: Record<string, unknown> = { kind };
  for (const [name, type] of Object.entries(FIELDS[kind as RaftMessage["kind"]])) {
    const field = value[name];
    const fits = type === "whole"
      ? typeof field === "number" && Number.isSafeInteger(field) && field >= 0
      : type === "flag"
      ? typeof field === "boolean"
      : type === "bytes"
      ? field instanceof Uint8Array
      : Array.isArray(field);
    if (!fits) throw malformed();
    message[name] = type === "entries" ? (field as Value[]).map(entryOf) : field;
  }
  return message as unknown as RaftMessage;
}

function entryOf(value: Value): LogEntry {
  const [term, number, data] = Array.isArray(value) ? value : [];
  const kind = ENTRY_KINDS[number as number];
  if (typeof term !== "number" || kind === undefined || !(data instanceof Uint8Array)) throw malformed();
  return { term, kind, data };
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed message of the consensus core");
}
