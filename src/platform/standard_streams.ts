/** Standard streams of this program: what is written is written when the call is back. */
import process from "node:process";
import { linuxCalls } from "./linux_calls.ts";

/** Where nothing is kept. Other systems than those like Unix have none by that name. */
const NULL_DEVICE = "/dev/null";

/** Whether a standard stream is a terminal. */
export function isTerminal(fd: number): boolean {
  return linuxCalls()?.isTerminal(fd) ?? isTerminalAsTold(fd);
}

/**
 * The same by the runtime's libraries. The one that knows takes long to load, so files, pipes and the null device, which most
 * streams are, are told apart without it.
 */
function isTerminalAsTold(fd: number): boolean {
  const { fstatSync, statSync } = process.getBuiltinModule("node:fs");
  try {
    const stream = fstatSync(fd);
    if (!stream.isCharacterDevice()) return false;
    if (statSync(NULL_DEVICE, { throwIfNoEntry: false })?.rdev === stream.rdev) return false;
  } catch {
    // A closed stream is no terminal.
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

/** Writes all of `bytes`; a stream that takes nothing at the moment is waited for. Failures are the runtime's, with their `code`. */
export function writeStream(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(
        linuxCalls()?.write(fd, rest) ?? process.getBuiltinModule("node:fs").writeSync(fd, rest),
      );
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}
