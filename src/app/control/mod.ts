/** The control connection: how commands reach an application that runs. */
export { connectControl, type ControlClient } from "./client.ts";
export { controlPath } from "./path.ts";
export { controlComponent } from "./server.ts";
