/** The name of a node that was given none. */
import type { Ports } from "../../ports/mod.ts";

/** Namespace of the names derived here (RFC 9562, name space "DNS"). */
const NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/** Where Linux and its relatives keep the identity of an installation. */
const MACHINE_ID_FILES: readonly string[] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/** A UUID of version 5 made of the machine's identity (its host name without one) and the working directory. */
export function defaultNodeName(ports: Pick<Ports, "cryptography" | "files" | "hostname">): string {
  const file = MACHINE_ID_FILES.find((path) => ports.files.stat(path) !== undefined);
  const machine = file === undefined ? ports.hostname : ports.files.readText(file).trim();
  return uuid5(`${machine}:${ports.files.workingDirectory()}`, ports.cryptography);
}

function uuid5(name: string, { digest }: Ports["cryptography"]): string {
  const space = Uint8Array.from(
    NAMESPACE.replaceAll("-", "").match(/../g)!,
    (pair) => Number.parseInt(pair, 16),
  );
  const bytes = digest("sha1", new Uint8Array([...space, ...new TextEncoder().encode(name)])).slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
