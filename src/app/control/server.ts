/**
 * The control connection's listening end, as a component of an application.
 *
 * S1. Only the same user can connect (the socket's mode says so), so what arrives runs without an actor.
 * S2. An application that finds another one at its place runs without a control connection and says so.
 * S3. Requests of one connection run side by side; when the connection closes, those in progress are aborted.
 */
import { asFailure, Failure } from "../../core/mod.ts";
import type {
  Files,
  LocalConnection,
  LocalHandlers,
  LocalListener,
  LocalSockets,
  Log,
} from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { COMPONENTS, INFRASTRUCTURE } from "../standard_components.ts";
import { CONTROL_OPERATIONS, type ControlSubject } from "./operations.ts";
import { controlPath } from "./path.ts";
import { ShellDesk } from "./shell_desk.ts";
import { type ControlRequest, decodeRequest, encodeAnswer, LineReader } from "./wire.ts";

/** Serves the control connection of the application whose project is in `folder`; `reload` reads its files again. */
export function controlComponent(
  sockets: LocalSockets,
  folder: string,
  reload?: ControlSubject["reload"],
): Component {
  let listener: LocalListener | undefined;
  return {
    name: "control",
    requires: [
      COMPONENTS.runtime.name,
      COMPONENTS.registry.name,
      COMPONENTS.supervisor.name,
      COMPONENTS.control.name,
    ],
    async start(context) {
      const ports = context.get(INFRASTRUCTURE.ports);
      const log = context.get(INFRASTRUCTURE.log).named("control");
      const subject: ControlSubject = {
        ports,
        runtime: context.get(COMPONENTS.runtime),
        registry: context.get(COMPONENTS.registry),
        services: context.get(COMPONENTS.supervisor),
        node: context.get(COMPONENTS.control).node,
        reload,
        exit: (code) => context.get(COMPONENTS.control).exit(code),
        shells: new ShellDesk(),
      };
      listener = await openListener(sockets, ports.files, folder, subject, log);
    },
    async stop() {
      await listener?.close();
    },
  };
}

async function openListener(
  sockets: LocalSockets,
  files: Files,
  folder: string,
  subject: ControlSubject,
  log: Log,
): Promise<LocalListener | undefined> {
  const path = controlPath(files, folder);
  try {
    files.makeDirectory(files.directory(path), { recursive: true });
    if (files.stat(path) !== undefined) {
      if (await isAnswered(sockets, path)) {
        log.warn("another instance runs in this folder; this one takes no commands from outside", { path });
        return undefined;
      }
      files.remove(path);
    }
    return await sockets.listen(path, (connection) => serve(subject, connection));
  } catch (error) {
    log.warn("no control connection: commands from outside can't reach this instance", {
      path,
      error: asFailure(error).message,
    });
    return undefined;
  }
}

async function isAnswered(sockets: LocalSockets, path: string): Promise<boolean> {
  try {
    const connection = await sockets.connect(path, { data: () => undefined, closed: () => undefined });
    connection.end();
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function serve(subject: ControlSubject, connection: LocalConnection): LocalHandlers {
  const gone = new AbortController();
  const lines = new LineReader((text) => void answer(subject, connection, text, gone.signal));
  return {
    data: (_connection, data) => {
      if (!lines.push(data)) connection.end();
    },
    closed: () => gone.abort(),
  };
}

async function answer(
  subject: ControlSubject,
  connection: LocalConnection,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  let request: ControlRequest | undefined;
  try {
    request = decodeRequest(text);
    const operation = Object.hasOwn(CONTROL_OPERATIONS, request.operation)
      ? CONTROL_OPERATIONS[request.operation]!
      : undefined;
    if (operation === undefined) {
      throw new Failure("Invalid", `unknown operation ${request.operation}`, { retryable: false });
    }
    const result = await operation(subject, request.arguments, signal);
    connection.write(encodeAnswer({ id: request.id, ok: true, result }));
  } catch (error) {
    connection.write(encodeAnswer({ id: request?.id ?? 0, ok: false, failure: asFailure(error) }));
  }
}
