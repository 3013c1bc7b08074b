/** Actors, scopes and policies: who may do what. */
export * from "./condition.ts";
export * from "./pattern.ts";
export * from "./policy.ts";
export * from "./table.ts";
export * from "./token_store.ts";
