/** Profiles of the Lua of an application, served over HTTP. */
export { profilerComponent, type ProfilerOptions } from "./component.ts";
