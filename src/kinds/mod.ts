/** What applications use of the kinds' means beside the kinds themselves. */
export { openSharedPostgres } from "./sql/shared_postgres.ts";
