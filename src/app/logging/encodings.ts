/**
 * Log records as text, in three encodings.
 *
 * E1. A record is one line, except that the human encoding puts texts of several lines below it.
 * E2. Control characters from the outside never reach a terminal: they are escaped.
 */
import { isValueMap, type Value } from "../../core/mod.ts";
import type { LogLevel, LogRecord } from "../../ports/mod.ts";

/** `human` is for reading on a terminal, `console` one plain line with tabs, `json` one object per line. */
export type LogEncoding = "human" | "console" | "json";

/** Text of a record, its line end included. `elapsedMs` is the time since the program started. */
export type LogEncoder = (record: LogRecord, elapsedMs: number) => string;

const LEVELS: Record<LogLevel, string> = { [-1]: "debug", 0: "info", 1: "warn", 2: "error" };

/** Name of a level, in lower case. */
export function levelName(level: LogLevel): string {
  return LEVELS[level];
}

const ESCAPE = "\u001b[";
const LEVEL_COLOURS: Record<LogLevel, string> = { [-1]: "35", 0: "34", 1: "33", 2: "31" };
const DIM = "2";
const CYAN = "36";

/** The encoder of `encoding`; `colour` matters to the human one only. */
export function createEncoder(encoding: LogEncoding, colour: boolean): LogEncoder {
  if (encoding === "json") return encodeJson;
  if (encoding === "console") return encodeConsole;
  return (record, elapsedMs) => encodeHuman(record, elapsedMs, colour);
}

function encodeJson(record: LogRecord): string {
  const head: Record<string, Value> = {
    level: levelName(record.level),
    ts: new Date(record.timeMs).toISOString(),
    logger: record.logger,
    msg: record.message,
  };
  if (record.logger === "") delete head.logger;
  const parts = Object.entries(head);
  for (const [key, value] of Object.entries(record.fields)) {
    if (value !== undefined) parts.push([Object.hasOwn(head, key) ? `fields.${key}` : key, value]);
  }
  return `{${
    parts.map(([key, value]) => `${JSON.stringify(key)}:${printValue(value, ":", ",")}`).join(",")
  }}\n`;
}

function encodeConsole(record: LogRecord): string {
  const parts = [new Date(record.timeMs).toISOString(), levelName(record.level)];
  if (record.logger !== "") parts.push(record.logger);
  parts.push(oneLine(record.message));
  const fields = printFields(record.fields);
  if (fields !== "") parts.push(fields);
  return `${parts.join("\t")}\n`;
}

function encodeHuman(record: LogRecord, elapsedMs: number, colour: boolean): string {
  const paint = (code: string, text: string): string =>
    colour && text !== "" ? `${ESCAPE}${code}m${text}${ESCAPE}0m` : text;
  const inline: Record<string, Value> = {};
  const below: [string, string][] = [];
  for (const [key, value] of Object.entries(record.fields)) {
    if (typeof value === "string" && value.trimEnd().includes("\n")) below.push([key, value.trimEnd()]);
    else inline[key] = value;
  }
  const fields = printFields(inline);
  const lines = [
    [
      `${(elapsedMs / 1000).toFixed(2).padStart(6)}s `,
      paint(LEVEL_COLOURS[record.level], levelName(record.level).toUpperCase().padEnd(5)),
      paint(CYAN, record.logger.padEnd(12)),
      escapeControls(record.message).replaceAll("\n", "\n         "),
    ].join(" ") + (fields === "" ? "" : `  ${paint(DIM, fields)}`),
  ];
  for (const [key, text] of below) {
    lines.push(`         ${paint(DIM, `${key}:`)}`);
    for (const line of text.split("\n")) lines.push(`           ${escapeControls(line)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `{"key": value}`, or nothing when there are no fields. */
function printFields(fields: Record<string, Value>): string {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return present.length === 0 ? "" : printValue(Object.fromEntries(present), ": ", ", ");
}

function printValue(value: Value, colon: string, comma: string): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(value.toBase64());
  if (Array.isArray(value)) return `[${value.map((item) => printValue(item, colon, comma)).join(comma)}]`;
  if (!isValueMap(value)) return JSON.stringify(value ?? null);
  const parts = Object.keys(value).map((key) =>
    `${JSON.stringify(key)}${colon}${printValue(value[key], colon, comma)}`
  );
  return `{${parts.join(comma)}}`;
}

function oneLine(text: string): string {
  return escapeControls(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** Escapes control characters other than line ends and tabs. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === "\n" || character === "\t") return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
