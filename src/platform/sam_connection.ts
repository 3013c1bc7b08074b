/** Streams through the SAM bridge of an I2P router (SAM v3): a few lines are said, then the connection is the stream. */
import type { Socket } from "node:net";
import process from "node:process";
import { Failure, parseSamReply, type SamReply } from "../core/mod.ts";
import type { SamBridge } from "../ports/mod.ts";

/** Longest that a bridge may take. */
const BRIDGE_TIMEOUT_MS = 120_000;
/** Longest line of a bridge; a destination has some 500 characters. */
const LINE_BYTES_MAX = 16 * 1024;

/** A stream to the destination that a name stands for. Fails with Unavailable, naming the bridge. */
export async function connectBySam(bridge: SamBridge, name: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = process.getBuiltinModule("node:net").connect(bridge.port, bridge.host);
  socket.setTimeout(BRIDGE_TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
  const abort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await ask(socket, "HELLO VERSION MIN=3.0 MAX=3.3", "");
    const found = await ask(socket, `NAMING LOOKUP NAME=${name}`, name);
    const destination = found.values["VALUE"] ?? "";
    await ask(socket, `STREAM CONNECT ID=${bridge.session} DESTINATION=${destination} SILENT=false`, name);
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    const { message } = error as Error;
    throw new Failure("Unavailable", `I2P bridge ${bridge.host}:${bridge.port}: ${message}`, {
      retryable: true,
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Says a line and takes the answer, which must be a good one. */
async function ask(socket: Socket, line: string, name: string): Promise<SamReply> {
  socket.write(`${line}\n`);
  const reply = parseSamReply(await readLine(socket));
  if (reply.result === "OK") return reply;
  const text = reply.values["MESSAGE"] ?? "";
  throw new Error(
    [reply.result || "not an answer of SAM", name, text].filter((part) => part !== "").join(": "),
  );
}

/** One line, and nothing behind it: whoever is at the other end of a stream waits to be asked. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let bytes = new Uint8Array(0);
    const end = (): void => {
      socket.off("data", take);
      socket.off("error", fail);
      socket.off("close", closed);
    };
    const fail = (error: Error): void => {
      end();
      reject(error);
    };
    const closed = (): void => fail(new Error("the connection was closed"));
    const take = (part: Uint8Array): void => {
      const joined = new Uint8Array(bytes.length + part.length);
      joined.set(bytes);
      joined.set(part, bytes.length);
      bytes = joined;
      const at = bytes.indexOf(10);
      if (at < 0) {
        if (bytes.length > LINE_BYTES_MAX) fail(new Error("its answer has no end"));
        return;
      }
      if (at + 1 < bytes.length) return fail(new Error("it says more than it was asked"));
      end();
      resolve(new TextDecoder().decode(bytes.subarray(0, at)));
    };
    socket.on("data", take);
    socket.on("error", fail);
    socket.on("close", closed);
  });
}
