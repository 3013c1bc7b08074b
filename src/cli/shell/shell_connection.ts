/** Where a session runs: in the application that runs here, or in one that was booted for it. */
import type { ControlClient } from "../../app/mod.ts";
import { isValueMap, type Value } from "../../core/mod.ts";
import { SHELL_ENDED } from "../../lua/mod.ts";
import type { Entry } from "../../registry/mod.ts";

/** How an input ended. */
export interface ShellResult {
  /** Values as text; undefined when it failed. */
  readonly values?: readonly string[];
  readonly message: string;
  readonly kind: string;
  readonly trace: readonly { readonly source: string; readonly line: number; readonly name: string }[];
}

/** A session, wherever it runs. */
export interface ShellConnection {
  readonly entries: readonly Entry[];
  /** Runs an input; what it prints is written while it runs. */
  run(source: string): Promise<ShellResult>;
  cancel(): void;
  close(): Promise<void>;
}

/** What a session is asked with: the control connection, or the application itself. */
export interface ShellLink {
  request(operation: string, given?: Record<string, Value>): Promise<Value>;
  close(): Promise<void>;
}

/** Opens a session over a link; `write` gets what its code prints. */
export async function openShell(link: ShellLink, write: (text: string) => void): Promise<ShellConnection> {
  const entries = (await link.request("registry.list")) as unknown as Entry[];
  let isOpen = true;
  const pump = async (session: Value): Promise<void> => {
    while (isOpen) {
      const text = await link.request("shell.output", { session });
      if (typeof text !== "string") return;
      write(text);
    }
  };
  const open = async (): Promise<Value> => {
    const opened = await link.request("shell.open");
    const session = isValueMap(opened) ? opened["session"]! : 0;
    // It ends with the connection; whoever runs an input is told of that.
    pump(session).catch(() => isOpen = false);
    return session;
  };
  let session = await open();
  return {
    entries,
    async run(source) {
      let answer = await link.request("shell.run", { session, source });
      if (hasEnded(answer)) {
        // An input that took too much memory took the session with it.
        session = await open();
        write("the session had ended: this is a new one, without what was declared before\n");
        answer = await link.request("shell.run", { session, source });
      }
      const { kind, message, ok, output, trace, values } = isValueMap(answer)
        ? answer
        : {} as Record<string, Value>;
      if (typeof output === "string" && output !== "") write(output);
      return {
        ...(ok === true && Array.isArray(values) ? { values: values.map(String) } : {}),
        message: String(message ?? ""),
        kind: String(kind ?? ""),
        trace: (Array.isArray(trace) ? trace : []) as unknown as ShellResult["trace"],
      };
    },
    cancel() {
      // What can't be reached any more has nothing to end; whoever runs an input is told why.
      link.request("shell.cancel", { session }).catch(() => undefined);
    },
    async close() {
      isOpen = false;
      await link.close();
    },
  };
}

function hasEnded(answer: Value): boolean {
  return isValueMap(answer) && answer["kind"] === "Unavailable" && answer["message"] === SHELL_ENDED;
}

/** The link over a control connection. */
export function remoteLink(client: ControlClient): ShellLink {
  return {
    request: (operation, given) => client.request(operation, given),
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
