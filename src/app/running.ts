/** The door for those who run an application: what is behind `mod.ts` beside this takes longer to load than a short program. */
export { createApplication } from "./application.ts";
export { entriesForCall } from "./call_plans.ts";
export { isHistoryKept, sectionIn } from "./config/mod.ts";
export { LogHub } from "./logging/mod.ts";
export { expansionOf, loadProject, openProject, optionsOf } from "./project.ts";
