/** Pages in a real browser, driven over its debugging protocol. */
import { serviceUrl } from "../services.ts";

const POLL_MS = 20;

/** A tab. */
export interface Browser {
  /** Goes to an address; what the tab showed before is gone. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; fails with what it throws. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves once an expression is true in the page that is there then. */
  until(expression: string): Promise<void>;
}

interface Reply {
  readonly id?: number;
  readonly result?: {
    result?: { value?: unknown };
    exceptionDetails?: { exception?: { description?: string } };
  };
  readonly error?: { message: string };
}

/** Runs `body` with a tab of its own, which is closed afterwards. */
export async function withBrowser(body: (browser: Browser) => Promise<void>): Promise<void> {
  const origin = serviceUrl("chromium")!.origin;
  const answer = await fetch(`${origin}/json/new?about:blank`, { method: "PUT" });
  const tab = await answer.json() as { id: string; webSocketDebuggerUrl: string };
  const socket = new WebSocket(tab.webSocketDebuggerUrl);
  const waiting = new Map<number, (reply: Reply) => void>();
  socket.onmessage = ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    if (reply.id === undefined) return;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  let count = 0;
  const ask = (method: string, params: Record<string, unknown>): Promise<Reply> => {
    const id = ++count;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params }));
    return promise;
  };
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, error } = await ask("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    const thrown = result?.exceptionDetails?.exception?.description ?? error?.message;
    if (thrown !== undefined) throw new Error(`${expression}: ${thrown}`);
    return result?.result?.value;
  };
  try {
    await body({
      evaluate,
      async open(url) {
        await ask("Page.navigate", { url });
      },
      async until(expression) {
        // A page that is being left answers with an error.
        while (await evaluate(expression).catch(() => false) !== true) {
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
      },
    });
  } finally {
    socket.close();
    await fetch(`${origin}/json/close/${tab.id}`);
  }
}
