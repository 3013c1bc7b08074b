/** Whether the parts of a node are alive: what an orchestrator asks before it starts the node anew. */
import { defineResource } from "./resource.ts";

/** Says what is wrong with a part; "" when nothing is. Never waits. */
export type LivenessCheck = () => string;

/** The checks of a node. */
export interface Liveness {
  /** Adds a check under a name that no other has; returns a function that takes it away. */
  add(name: string, check: LivenessCheck): () => void;
}

/** Resource type of the checks; they stand at `LIVENESS_ID`. */
export const LivenessResource = defineResource<Liveness>("liveness");
/** Where the checks are found. No entry can have this id, for it has no namespace. */
export const LIVENESS_ID = "liveness";
