/** The running program as the `system` module and the command line see it. Provided by the application. */
import { defineResource } from "./resource.ts";

/** Memory of the program in bytes. */
export interface MemoryUse {
  /** Resident set: what the operating system gave. */
  residentBytes: number;
  /** Heap of the host language. */
  heapTotalBytes: number;
  heapUsedBytes: number;
  /** Outside that heap: Lua universes, buffers. */
  externalBytes: number;
  /** Heap of Lua. */
  luaBytes: number;
  /** Bytes known to have been allocated since the start; never falls. */
  allocatedBytesTotal: number;
  /** Objects on the heap of the host language. */
  liveObjects: number;
  /** Collections since the start, as far as the program asked for them. */
  collections: number;
}

/** What the program knows of itself, and what it can be told. */
export interface SystemControl {
  /** Starts an orderly end with this exit code; the first call wins. */
  exit(code: number): void;
  memory(): MemoryUse;
  /** Collects garbage now, in Lua and in the host language. */
  collectGarbage(): void;
  /** Memory past which the program collects eagerly, in bytes; Infinity for none. */
  memoryBytesMax: number;
  /** Growth of the Lua heap between two collections, in percent. */
  garbagePercent: number;
  /** Processors the program may use. */
  processorsMax: number;
  /** Name of this node. */
  readonly node: string;
}

/** Resource type of the one system control; it stands at `SYSTEM_CONTROL_ID`. */
export const SystemControlResource = defineResource<SystemControl>("system.control");
/** Where the system control is found. No entry can have this id, for it has no namespace. */
export const SYSTEM_CONTROL_ID = "system";
