/** Programs of the machine and connections to services on it, as everything but `src/platform` sees them. */
import type { ByteStream } from "./byte_stream.ts";

/** What is started, and with what. */
export interface ProgramPlan {
  /** A path, or a name that is searched in the `PATH` of the environment, else in that of this program. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Working directory; the one of this program when absent. */
  readonly directory?: string;
  /** All variables that the program sees. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A running program. */
export interface Program {
  readonly stdout: ByteStream;
  readonly stderr: ByteStream;
  /** Resolves once the program may get more. Fails with Unavailable when it reads no more. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  /** The exit code, once it has ended; 128 plus the signal when a signal ended it. */
  readonly ended: Promise<number>;
  /** Sends a signal to it and what it started; false when it has ended. */
  signal(number: number): boolean;
}

/** Starts programs. */
export interface Programs {
  /** NotFound when there is no such program or directory, PermissionDenied when it may not be run. */
  start(plan: ProgramPlan): Promise<Program>;
}

/** Where a connection leads. */
export type ConnectionTarget = { readonly path: string } | { readonly host: string; readonly port: number };

/** A connection; reads never run ahead of their caller by more than a buffer. */
export interface Connection {
  /** What has arrived; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Resolves once more may be written. */
  write(data: Uint8Array): Promise<void>;
  /** Says that nothing more will be written. */
  end(): void;
  close(): void;
}

/** Opens connections; Unavailable when nobody listens. */
export interface Connections {
  open(target: ConnectionTarget): Promise<Connection>;
}
