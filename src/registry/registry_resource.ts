/** The registry as modules find it. */
import { defineResource } from "../ports/mod.ts";
import type { Registry } from "./registry.ts";

/** Resource type of the registry. */
export const RegistryResource = defineResource<Registry>("registry");
/** Id the registry is provided under; no entry can have it. */
export const REGISTRY_ID = "system:registry";
