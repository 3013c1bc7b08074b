/** The event bus: a best-effort observation channel. */
import type { Value } from "../core/mod.ts";

/** One event. `data` is undefined when the event had none. */
export interface BusEvent {
  readonly system: string;
  readonly kind: string;
  readonly path: string;
  readonly data?: Value;
}

/** Publishes and observes events. Patterns: segments split at `.`, `*` one, `**` any number, `(a|b)` alternatives. */
export interface Bus {
  send(event: BusEvent): void;
  /** Returns a function that unsubscribes. `kind` empty or `*` matches all kinds. */
  subscribe(system: string, kind: string, receive: (event: BusEvent) => void): () => void;
}
