/**
 * Ways to processes that live elsewhere: on another node of a cluster, or in another worker of this one.
 *
 * To plug in another kind of elsewhere, make a `Route` per other side and tell the runtime how to choose one
 * (`runtime.elsewhere.addChooser`); hand what comes in to `runtime.elsewhere.receive`, and say `lost` when the other side is gone.
 * A route carries bytes and knows nothing of what they mean.
 */
import type { Pid } from "../core/mod.ts";

/** A way to one other side. */
export interface Route {
  /** The node or worker at its other end, for people. */
  readonly name: string;
  /**
   * Takes a signal to be carried, behind all earlier ones; never waits. Nothing is promised: what can't be delivered is dropped.
   * Fails with LimitExceeded when too much waits to be carried. The bytes belong to the route from now on.
   */
  send(signal: Uint8Array): void;
  /** Gives the route up: the other side has missed what it had to know. `lost` is said here, and on the other side. */
  break(reason: string): void;
}

/**
 * The route to what a pid names; undefined when this chooser knows of none. Fails with NotFound for a pid that is surely of its
 * kind and leads nowhere, such as one of a node that is no member. Choosers are asked in the order in which they were added: for a
 * pid of another node, and for a pid of this node that no process of this universe has.
 */
export type RouteChooser = (pid: Pid) => Route | undefined;
