/** Processes that were started inside the VM, as they become known outside. */
import type { ProgramRef } from "./value.ts";

/** A process that was started inside the VM, when it becomes known outside. */
export interface Adopted {
  readonly pid: number;
  /** Number of the process that watches it, 0 for none. */
  readonly watcher: number;
  readonly frame: number;
  readonly startedSeconds: number;
  readonly program: ProgramRef;
  readonly host: string;
  /** Pid text of its parent. */
  readonly parent: string;
}

/** Numbers in front of the texts, in bytes. */
const TEXTS_AT = 56;

/** What the VM put out of such a process; `out` is a copy of its own. */
export function decodeAdopted(out: Uint8Array<ArrayBuffer>): Adopted {
  const numbers = new Float64Array(out.buffer, 0, 7);
  const texts = out.subarray(TEXTS_AT);
  const decoder = new TextDecoder();
  const [pid, watcher, frame, startedSeconds, program, hostLength, parentLength] =
    numbers as unknown as number[];
  return {
    pid: pid!,
    watcher: watcher!,
    frame: frame!,
    startedSeconds: startedSeconds!,
    program: program!,
    host: decoder.decode(texts.subarray(0, hostLength)),
    parent: decoder.decode(texts.subarray(hostLength!, hostLength! + parentLength!)),
  };
}
