/** `wasi:cli`: what a program is given, and its standard streams. */
import { Resource } from "./handles.ts";
import type { Host, HostFunction, HostFunctions } from "./host.ts";
import { InputStream, OutputStream, StreamError } from "./streams.ts";

/** Thrown through a guest that ends by itself. */
export class GuestExit {
  readonly isFailure: boolean;
  constructor(isFailure: boolean) {
    this.isFailure = isFailure;
  }
}

class StandardInput extends InputStream {
  read(size: number, { outside }: Host): Uint8Array | "closed" | StreamError {
    const reply = outside.ask({ op: "input", size });
    if ("error" in reply) return new StreamError(reply.error);
    return reply.bytes ?? "closed";
  }
}

class StandardOutput extends OutputStream {
  readonly #stream: "out" | "error";

  constructor(stream: "out" | "error") {
    super();
    this.#stream = stream;
  }

  write(data: Uint8Array, { outside }: Host): undefined {
    if (data.length > 0) outside.write(this.#stream, data);
  }

  flush(): undefined {}
}

/** Says that a standard stream is a terminal, and nothing else. */
class TerminalEnd extends Resource {}

const terminal: HostFunction = (_, { around, handles }) =>
  around.isTerminal ? handles.add(new TerminalEnd()) : null;

/** Functions of `wasi:cli`. */
export const CLI: HostFunctions = {
  "wasi:cli/environment#get-environment": (_, { around }) => around.env,
  "wasi:cli/environment#get-arguments": (_, { around }) => around.args,
  "wasi:cli/environment#initial-cwd": (_, { around }) => around.cwd,
  "wasi:cli/exit#exit": ([status]) => {
    throw new GuestExit(typeof status === "object" && status !== null);
  },
  "wasi:cli/stdin#get-stdin": (_, { handles }) => handles.add(new StandardInput()),
  "wasi:cli/stdout#get-stdout": (_, { handles }) => handles.add(new StandardOutput("out")),
  "wasi:cli/stderr#get-stderr": (_, { handles }) => handles.add(new StandardOutput("error")),
  "wasi:cli/terminal-stdin#get-terminal-stdin": terminal,
  "wasi:cli/terminal-stdout#get-terminal-stdout": terminal,
  "wasi:cli/terminal-stderr#get-terminal-stderr": terminal,
};

class NoInput extends InputStream {
  read(): "closed" {
    return "closed";
  }
}

/** Takes what nobody will see. */
class NoOutput extends OutputStream {
  write(): undefined {}
  flush(): undefined {}
}

/** What a guest is told whose entry does not declare `wasi:cli`. */
export const CLI_EMPTY: HostFunctions = {
  "wasi:cli/environment#get-environment": () => [],
  "wasi:cli/environment#get-arguments": () => [],
  "wasi:cli/environment#initial-cwd": () => null,
  "wasi:cli/stdin#get-stdin": (_, { handles }) => handles.add(new NoInput()),
  "wasi:cli/stdout#get-stdout": (_, { handles }) => handles.add(new NoOutput()),
  "wasi:cli/stderr#get-stderr": (_, { handles }) => handles.add(new NoOutput()),
  "wasi:cli/terminal-stdin#get-terminal-stdin": () => null,
  "wasi:cli/terminal-stdout#get-terminal-stdout": () => null,
  "wasi:cli/terminal-stderr#get-terminal-stderr": () => null,
};
