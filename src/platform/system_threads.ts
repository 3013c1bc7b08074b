/**
 * Threads as Web Workers, on Bun, on Deno and in the compiled binary.
 *
 * H1. A thread's own failure and its unasked end are told once; what is posted to one that has ended is dropped.
 */
import type { Thread, ThreadEvents, ThreadInlet, ThreadProgram, Threads } from "../ports/mod.ts";

/** The files that threads run, from the root of the sources: the binary holds them under these names. */
const ENTRANCES: Readonly<Record<ThreadProgram, string>> = {
  host: "app/host_worker.ts",
  check: "cli/check_worker.ts",
  guest: "app/guest_worker.ts",
};
/** The root of the sources, from here. */
const ROOT = "..";

/** Where the binary of Bun keeps its files, on Unix and on Windows. */
const EMBEDDED = /\$bunfs|~BUN/;

interface WorkerGlobal {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

function entranceOf(program: ThreadProgram): string {
  const here = import.meta.url;
  return EMBEDDED.test(here)
    ? `./${ENTRANCES[program]}`
    : new URL(`${ROOT}/${ENTRANCES[program]}`, here).href;
}

class SystemThread implements Thread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  #ended = false;

  constructor(events: ThreadEvents, program: ThreadProgram) {
    this.#events = events;
    this.#worker = new Worker(entranceOf(program), { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      if (!this.#ended) events.message(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault?.();
      this.#end(event.message || "it failed");
    };
    this.#worker.onmessageerror = () => this.#end("a message could not be read");
    this.#worker.addEventListener("close", () => this.#end("it ended"));
    // Not in the types of every runtime, nor there on all of them.
    (this.#worker as { unref?(): void }).unref?.();
  }

  post(message: unknown): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  terminate(): void {
    this.#ended = true;
    this.#worker.terminate();
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.terminate();
    this.#events.ended(reason);
  }
}

/** Threads of this machine. */
export const systemThreads: Threads = {
  start: (events, program = "host") => new SystemThread(events, program),
};

/** This thread's end towards the one who started it. */
export function threadInlet(): ThreadInlet {
  const scope = globalThis as unknown as WorkerGlobal;
  return {
    post: (message) => scope.postMessage(message),
    receive: (take) => {
      scope.onmessage = ({ data }) => take(data);
    },
  };
}
