/**
 * Process identifiers and their text form `{host|0x00001}` or `{node@host|0x00001}`.
 *
 * The number is a per-node counter from 1, lower-case hexadecimal, at least five digits. Node "local" is left out.
 */

/** A process identifier. `node` is `""` for the local node. */
export interface Pid {
  readonly node: string;
  readonly host: string;
  readonly id: number;
}

/** Text of a pid. */
export function printPid(pid: Pid): string {
  const hex = pid.id.toString(16).padStart(5, "0");
  const node = pid.node === "" || pid.node === "local" ? "" : `${pid.node}@`;
  return `{${node}${pid.host}|0x${hex}}`;
}

/** The pid written in `text`, or undefined when it is not one (then it is a registered name). */
export function parsePid(text: string): Pid | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const bar = text.lastIndexOf("|");
  if (bar < 0) return undefined;
  const number = text.slice(bar + 1, -1);
  if (!/^0x[0-9a-f]+$/.test(number)) return undefined;
  let host = text.slice(1, bar);
  let node = "";
  const at = host.indexOf("@");
  if (at >= 0) {
    node = host.slice(0, at);
    host = host.slice(at + 1);
  }
  return { node: node === "local" ? "" : node, host, id: Number.parseInt(number.slice(2), 16) };
}
