/**
 * The asking end of the control connection.
 */
import { Failure, type Value, type ValueMap } from "../../core/mod.ts";
import type { Files, LocalConnection, LocalSockets } from "../../ports/mod.ts";
import { controlPath } from "./path.ts";
import { decodeAnswer, encodeRequest, LineReader } from "./wire.ts";

/** A connection to a running application. */
export interface ControlClient {
  /** Asks for an operation; rejects with its failure, or with Unavailable when the connection is lost. */
  request(operation: string, given?: ValueMap): Promise<Value>;
  close(): void;
}

interface Waiting {
  resolve(value: Value): void;
  reject(failure: Failure): void;
}

/** Connects to the application that runs in `folder`; undefined when none does. */
export async function connectControl(
  sockets: LocalSockets,
  files: Files,
  folder: string,
): Promise<ControlClient | undefined> {
  const path = controlPath(files, folder);
  if (files.stat(path) === undefined) return undefined;
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let lost = false;
  const lines = new LineReader((text) => {
    const answer = decodeAnswer(text);
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) asked?.resolve(answer.result);
    else asked?.reject(answer.failure);
  });
  let connection: LocalConnection;
  try {
    connection = await sockets.connect(path, {
      data: (open, data) => {
        if (!lines.push(data)) open.end();
      },
      closed: () => {
        lost = true;
        for (const asked of waiting.values()) asked.reject(lostConnection());
        waiting.clear();
      },
    });
  } catch (error) {
    // The file is left over from an instance that did not end in order.
    if (error instanceof Failure && error.kind === "Unavailable") return undefined;
    throw error;
  }
  return {
    request: (operation, given = {}) =>
      new Promise((resolve, reject) => {
        if (lost) {
          reject(lostConnection());
          return;
        }
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        connection.write(encodeRequest({ id, operation, arguments: given }));
      }),
    close: () => connection.end(),
  };
}

function lostConnection(): Failure {
  return new Failure("Unavailable", "the connection to the running application was lost", {
    retryable: true,
  });
}
