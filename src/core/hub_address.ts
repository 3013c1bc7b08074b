/** Where the catalogue of modules is, and which other places may stand for it. */
import { Failure } from "./failure.ts";

/** The public hub. */
export const HUB_URL = "https://hub.wippy.ai";

/** Hosts on the way to which nobody can listen. */
const PLAIN_HOSTS = new Set(["localhost", "127.0.0.1", "host.docker.internal", "host.containers.internal"]);

/** The address of a hub without a slash at its end. Fails with Invalid for what is no URL, and for plain HTTP to other machines. */
export function hubAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === "http:";
  if (url === undefined || url.hostname === "" || !isPlain && url.protocol !== "https:") {
    throw new Failure("Invalid", `registry must be an https URL: ${text}`, { retryable: false });
  }
  if (isPlain && !PLAIN_HOSTS.has(url.hostname)) {
    throw new Failure("Invalid", `registry must be an https URL outside of this machine: ${text}`, {
      retryable: false,
    });
  }
  return text.replace(/\/+$/, "");
}
