/** Durable workflows: Lua whose every step outside is recorded, and which goes on where it was after any end of the program. */
export { workflowKinds } from "./kinds.ts";
