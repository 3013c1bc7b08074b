/** What functions for guests work with. */
import type { Clock, Processors, Random } from "../../ports/mod.ts";
import type { Handles } from "./handles.ts";

/** What a thread of guests has. */
export interface HostPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly processors?: Processors;
}

/** What the entry of a guest gives it, for one call. */
export interface GuestSurroundings {
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Places of its file systems; requests name them by their number. */
  readonly mounts: readonly { readonly guest: string; readonly isReadonly: boolean }[];
  /** Whether standard input and output are a terminal. */
  readonly isTerminal: boolean;
}

/** What a guest has when its entry says nothing. */
export const NO_SURROUNDINGS: GuestSurroundings = {
  args: [],
  cwd: undefined,
  env: [],
  mounts: [],
  isTerminal: false,
};

/** A file of a mount; the path is relative to the mount, without `/` at its ends, and leads nowhere out of it. */
export interface Place {
  readonly mount: number;
  readonly path: string;
}

/** What a thread asks of the main one, which has files and terminals. */
export type OutsideRequest =
  | { readonly op: "input"; readonly size: number }
  | ({ readonly op: "stat" | "list" | "mkdir" | "rmdir" | "unlink" | "sync" } & Place)
  | ({
    readonly op: "open";
    readonly create: boolean;
    readonly exclusive: boolean;
    readonly truncate: boolean;
    readonly directory: boolean;
    readonly write: boolean;
  } & Place)
  | ({ readonly op: "read"; readonly offset: number; readonly size: number } & Place)
  /** At the end where there is no offset. */
  | ({ readonly op: "write"; readonly offset: number | undefined; readonly data: Uint8Array } & Place)
  | ({ readonly op: "resize"; readonly size: number } & Place)
  | ({ readonly op: "rename"; readonly to: Place } & Place);

/** An error of `wasi:filesystem`, as its `error-code` names it. */
export type ErrorCode =
  | "access"
  | "bad-descriptor"
  | "exist"
  | "insufficient-memory"
  | "invalid"
  | "io"
  | "is-directory"
  | "no-entry"
  | "not-directory"
  | "not-empty"
  | "not-permitted"
  | "read-only"
  | "unsupported"
  | "cross-device";

/** What is known of a file. */
export interface FileFacts {
  readonly isDirectory: boolean;
  readonly size: number;
  readonly modifiedMs: number;
}

/** The answer to a request: a value that JSON can say, and bytes where some were asked for. */
export type OutsideReply =
  | { readonly ok: unknown; readonly bytes?: Uint8Array }
  | { readonly error: ErrorCode };

/** What is outside of a thread, as functions for guests see it. */
export interface Outside {
  /** Waits for the answer; fails with Canceled when the guest has to end. */
  ask(request: OutsideRequest): OutsideReply;
  /** Writes to standard output or standard error. */
  write(stream: "out" | "error", data: Uint8Array): void;
  /** Waits; fails with Canceled when the guest has to end. */
  sleep(ms: number): void;
}

/** What a function for guests has. */
export interface Host {
  readonly ports: HostPorts;
  readonly around: GuestSurroundings;
  readonly handles: Handles;
  readonly outside: Outside;
}

/** A function for guests: values as `abi_lift` gives and `abi_lower` takes them. */
export type HostFunction = (args: readonly unknown[], host: Host) => unknown;

/** Functions by name: `package/interface#function`, without a version. */
export type HostFunctions = Readonly<Record<string, HostFunction>>;

/** A case of a variant. */
export interface Variant {
  readonly tag: string;
  readonly value?: unknown;
}
