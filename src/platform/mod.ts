/**
 * The outside world on Bun and on Deno, from the same sources. Only this folder knows which runtime it is on.
 */
export { createPorts } from "./running.ts";
export { SimulatedRandom as SeededRandom } from "./simulated/simulated_random.ts";
export { SystemClock } from "./system_clock.ts";
export { SystemFiles } from "./system_files.ts";
export * from "./system_process.ts";
export { SystemSockets } from "./system_sockets.ts";
export { InputBuffer, SystemTerminal } from "./system_terminal.ts";
export { threadInlet } from "./system_threads.ts";
export { yamlReader } from "./yaml.ts";
