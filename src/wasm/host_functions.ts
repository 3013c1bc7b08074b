/**
 * What guests can import: functions of WASI, by name without version. What opens sockets or sends requests is not here.
 *
 * HF1. Libraries of languages ask what there is before anybody wants it. Where an entry does not declare that, they are told that there is
 *      nothing; whatever does something fails.
 */
import { CLI, CLI_EMPTY } from "./wasi/cli.ts";
import { FILESYSTEM } from "./wasi/filesystem.ts";
import type { HostFunction, HostFunctions } from "./wasi/host.ts";
import { POLL } from "./wasi/poll.ts";
import { RANDOM } from "./wasi/random.ts";
import { STREAMS } from "./wasi/streams.ts";

const FUNCTIONS: HostFunctions = { ...CLI, ...FILESYSTEM, ...POLL, ...RANDOM, ...STREAMS };

const EMPTY: HostFunctions = { ...CLI_EMPTY, "wasi:filesystem/preopens#get-directories": () => [] };

function found(functions: HostFunctions, name: string): HostFunction | undefined {
  const plain = name.replace(/@[^#]*(?=#)/, "");
  return Object.hasOwn(functions, plain) ? functions[plain] : undefined;
}

/** The function behind the name of an import; undefined when there is none. */
export function hostFunction(name: string): HostFunction | undefined {
  return found(FUNCTIONS, name);
}

/** What stands in the place of an import that nobody declared; undefined where a call of it fails. */
export function emptyFunction(name: string): HostFunction | undefined {
  return found(EMPTY, name);
}
