/** The `io` module: the terminal of a process on a terminal host. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleCommand, type ModuleFunction } from "../../src/lua/mod.ts";
import { attachment, type Terminal, TerminalAttachment } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import types from "./io.d.lua" with { type: "text" };

const READ_BYTES = 1024;
/** Most bytes one read gives; more come with the next. */
const READ_BYTES_MAX = 1024 * 1024;

/** How often each terminal was asked for raw mode and not yet told to leave it. */
const rawRequests = new WeakMap<Terminal, number>();

function terminalOf(call: Call): Terminal {
  const terminal = attachment(call.process.frame, TerminalAttachment);
  if (terminal === undefined) throw new Failure("Unavailable", "no terminal context", { retryable: false });
  return terminal;
}

/** Passes on what `act` gives; what goes wrong in it becomes Internal, `what` failed. */
async function internal<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw broken(what, error);
  }
}

function broken(what: string, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("Internal", `${what} failed: ${message}`, { retryable: false, cause: error });
}

/** The arguments, which are texts by now, in one piece. */
function join(call: Call, separator: number | undefined, end: number | undefined): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = end === undefined ? 0 : 1;
  for (let i = 1; i <= call.count; i++) {
    const part = call.bytes(i);
    parts.push(part);
    length += part.length + (i > 1 && separator !== undefined ? 1 : 0);
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    if (i > 0 && separator !== undefined) joined[at++] = separator;
    joined.set(part, at);
    at += part.length;
  }
  if (end !== undefined) joined[at] = end;
  return joined;
}

const TAB = 9;
const NEWLINE = 10;

/** A function that gets its arguments as texts: the VM applies `tostring` to them first. */
function writer(
  put: (terminal: Terminal, data: Uint8Array) => void,
  separator?: number,
  end?: number,
): ModuleFunction {
  return (call) => {
    const terminal = terminalOf(call);
    const data = join(call, separator, end);
    try {
      put(terminal, data);
    } catch (error) {
      throw broken("write", error);
    }
    return true;
  };
}

const read: ModuleCommand = (call): Promise<NativeResult> => {
  const terminal = terminalOf(call);
  const asked = call.count < 1 || call.type(1) === "nil" ? READ_BYTES : Math.trunc(call.number(1));
  const size = asked <= 0 ? READ_BYTES : Math.min(asked, READ_BYTES_MAX);
  return internal("read", () => terminal.read(size));
};

const readline: ModuleCommand = (call) => {
  const terminal = terminalOf(call);
  return internal("read", () => terminal.readLine());
};

const flush: ModuleCommand = (call) => {
  const terminal = terminalOf(call);
  return internal("flush", async () => {
    await terminal.flush();
    return true;
  });
};

const raw: ModuleFunction = (call) => {
  const terminal = terminalOf(call);
  const enable = call.count < 1 || call.type(1) === "nil" ? true : call.truthy(1);
  const before = rawRequests.get(terminal) ?? 0;
  const after = enable ? before + 1 : Math.max(0, before - 1);
  rawRequests.set(terminal, after);
  if (before === 0 && after === 1) {
    terminal.setRaw(true);
    call.process.onEnd(() => {
      if ((rawRequests.get(terminal) ?? 0) > 0) terminal.setRaw(false);
      rawRequests.delete(terminal);
    });
  } else if (before === 1 && after === 0) terminal.setRaw(false);
  return true;
};

export default defineModule({
  name: "io",
  types,
  classes: ["io", "nondeterministic"],
  functions: {
    write: writer((terminal, data) => terminal.write(data)),
    print: writer((terminal, data) => terminal.write(data), TAB, NEWLINE),
    eprint: writer((terminal, data) => terminal.writeError(data), TAB, NEWLINE),
    raw,
    args: (call) => [...terminalOf(call).args],
  },
  commands: { read, readline, flush },
  builtins: { write: "base.texts", print: "base.texts", eprint: "base.texts" },
});
