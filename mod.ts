/**
 * The embedding API: applications inside another program.
 *
 *     const project = openProject({ files: ["app/.wippy.yaml"] }, createPorts());
 */
export * from "./src/app/mod.ts";
