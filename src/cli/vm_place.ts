/** Where the virtual machine lies in the memory of a program; see `scripts/vm_place.ts`. */
import type { MemoryPlace } from "../platform/linux_calls.ts";

/** Of a binary for whose system that is known; undefined in sources. */
export const VM_PLACE: MemoryPlace | undefined = undefined;
