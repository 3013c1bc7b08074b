/** The control connection: how commands reach an application that runs. */
export { connectControl, type ControlClient } from "./client.ts";
export { CONTROL_OPERATIONS } from "./operations.ts";
export { ShellDesk } from "./shell_desk.ts";
export { controlPath } from "./path.ts";
export { controlComponent } from "./server.ts";
