/** Where a database is, and the texts that say so. */
import { Failure } from "../../core/mod.ts";

/** A database on a server, and who asks for it. */
export interface ServerAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly options: Readonly<Record<string, string>>;
}

const HIDDEN = "***";

/** `host=.. port=.. user=.. password=.. dbname=..` and the options, sorted by key. */
export function printPostgresDsn(address: ServerAddress): string {
  const { host, port, username, password, database, options } = address;
  const pairs = [["host", host], ["port", String(port)], ["user", username], ["password", password], [
    "dbname",
    database,
  ], ...sorted(options)];
  return pairs.map(([key, value]) => `${key}=${quoted(value!)}`).join(" ");
}

/** `user:password@tcp(host:port)/database?options`, the options sorted by key. */
export function printMysqlDsn(address: ServerAddress): string {
  const { host, port, username, password, database, options } = address;
  const query = sorted(options).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  return `${username}:${password}@tcp(${host}:${port})/${database}${query === "" ? "" : `?${query}`}`;
}

/** The same address for people to see. */
export function withoutPassword(address: ServerAddress): ServerAddress {
  return { ...address, password: address.password === "" ? "" : HIDDEN };
}

/** `host:port`, or the socket's folder. */
export function placeOf({ host, port }: ServerAddress): string {
  return host.startsWith("/") ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The address in a DSN of Postgres: a `postgres://` URL or `key=value` pairs. Fails with Invalid, without showing the text. */
export function parsePostgresDsn(text: string): ServerAddress {
  const pairs = /^postgres(?:ql)?:\/\//.test(text) ? urlPairs(text) : keywordPairs(text);
  const options: Record<string, string> = Object.create(null);
  const known = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (["host", "port", "user", "password", "dbname"].includes(key)) known.set(key, value);
    else options[key] = value;
  }
  const username = known.get("user") ?? "";
  if (username === "") throw invalid("it names no user");
  const port = Number(known.get("port") ?? "5432");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid("its port is not a number up to 65535");
  }
  return {
    host: known.get("host") || "localhost",
    port,
    database: known.get("dbname") || username,
    username,
    password: known.get("password") ?? "",
    options,
  };
}

function urlPairs(text: string): [string, string][] {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid("its URL can't be read; special characters in it must be %-encoded");
  }
  const plain = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw invalid("its URL can't be read; a literal % is written %25");
    }
  };
  const pairs: [string, string][] = [
    ["host", plain(url.hostname.replace(/^\[|\]$/g, ""))],
    ["user", plain(url.username)],
    ["password", plain(url.password)],
    ["dbname", plain(url.pathname.slice(1))],
  ];
  if (url.port !== "") pairs.push(["port", url.port]);
  return [...pairs, ...url.searchParams];
}

function keywordPairs(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  const pair = /\s*([A-Za-z_]\w*)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/y;
  while (pair.lastIndex < text.trimEnd().length) {
    const match = pair.exec(text);
    if (match === null) throw invalid("it is neither a postgres:// URL nor key=value pairs");
    pairs.push([match[1]!, (match[2] ?? match[3] ?? "").replaceAll(/\\(.)/gs, "$1")]);
  }
  return pairs;
}

function sorted(options: ServerAddress["options"]): [string, string][] {
  return Object.entries(options).sort(([a], [b]) => a < b ? -1 : 1);
}

function quoted(value: string): string {
  return /^[^\s'\\]+$/.test(value) ? value : `'${value.replaceAll(/['\\]/g, "\\$&")}'`;
}

function invalid(why: string): Failure {
  return new Failure("Invalid", `the DSN can't be used: ${why}`, { retryable: false });
}
