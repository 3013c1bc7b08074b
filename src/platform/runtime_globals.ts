/**
 * The globals of the runtime this program is on, typed as far as they are used.
 *
 * Exactly one of `BUN` and `DENO` is set. Nothing outside `src/platform` asks which.
 */
import process from "node:process";

/** Bun's global, when on Bun. */
export const BUN: typeof Bun | undefined = (globalThis as { Bun?: typeof Bun }).Bun;

/** What is used of Deno's global. */
export interface DenoGlobal {
  stat(path: string): Promise<unknown>;
  serve(
    options: {
      hostname: string;
      port: number;
      cert?: string;
      key?: string;
      signal?: AbortSignal;
      automaticCompression?: boolean;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handle: (
      request: Request,
      info: { remoteAddr: { hostname: string; port: number } },
    ) => Response | Promise<Response>,
  ): DenoHttpServer;
  upgradeWebSocket(
    request: Request,
    options?: { protocol?: string; idleTimeout?: number },
  ): { response: Response; socket: WebSocket };
  stdin: {
    read(buffer: Uint8Array): Promise<number | null>;
    setRaw(enabled: boolean): void;
    isTerminal(): boolean;
  };
  errors: Record<"AddrInUse" | "AddrNotAvailable", new () => Error>;
  version: { deno: string };
}

/** A server of `Deno.serve`. */
export interface DenoHttpServer {
  readonly addr: { port: number };
  shutdown(): Promise<void>;
}

/** Deno's global, when on Deno. */
export const DENO: DenoGlobal | undefined = BUN === undefined
  ? (globalThis as { Deno?: DenoGlobal }).Deno
  : undefined;

type Timers = Pick<typeof import("node:timers"), "clearTimeout" | "setImmediate" | "setTimeout">;

/** Timers whose handles can let the program end; Deno's global ones are numbers. Bun's own need no module. */
export const TIMERS: Timers = DENO === undefined
  ? globalThis as unknown as Timers
  : process.getBuiltinModule("node:timers");
