/** Other threads of this program, each with its own memory, as everything but `src/platform` sees them. */

/** A thread, for the one who started it. */
export interface Thread {
  /** Hands over a copy of a value that the runtime can copy; shared memory stays shared. Never waits. */
  post(message: unknown): void;
  /** Ends it at once, whatever it does. */
  terminate(): void;
}

/** What a thread's owner is told. */
export interface ThreadEvents {
  /** The thread has posted something. */
  message(message: unknown): void;
  /** It has ended without being asked to, with what is known of the reason. Told once. */
  ended(reason: string): void;
}

/** What a thread runs: workers of a process host, checks of Lua sources, or guests of WebAssembly. */
export type ThreadProgram = "host" | "check" | "guest";

/** Starts threads. They never keep the program alive. */
export interface Threads {
  /** Fails when there can be none. */
  start(events: ThreadEvents, program?: ThreadProgram): Thread;
}

/** The thread's own end. */
export interface ThreadInlet {
  post(message: unknown): void;
  /** Calls `take` with everything that is posted to this thread. */
  receive(take: (message: unknown) => void): void;
}
