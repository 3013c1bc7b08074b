/** Where a thread begins that runs guests of WebAssembly. */
import { createPorts, threadInlet } from "../platform/mod.ts";
import { serveGuests } from "../wasm/guest.ts";

serveGuests(threadInlet(), createPorts());
