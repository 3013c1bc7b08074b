/** The cluster as a component of an application. */
export { clusterComponent } from "./component.ts";
