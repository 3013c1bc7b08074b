/** What the sheets of a workbook share: their names and places, strings, formats of numbers. */
import { EXCEL_STRINGS_MAX } from "../../src/core/mod.ts";
import { internal, type NumberStyle, styleOfBuiltin, styleOfFormat } from "./cell.ts";
import type { Parts } from "./parts.ts";
import { type Attributes, localName, readXml, TextBuffer } from "./xml.ts";

/** A sheet of the file. */
export interface SheetPlace {
  readonly name: string;
  readonly part: string;
}

/** Facts that are read when a workbook is opened. */
export interface Facts {
  /** Name of the workbook's own part. */
  readonly workbookPart: string;
  readonly sheets: readonly SheetPlace[];
  readonly stringsPart: string | undefined;
  readonly stylesPart: string | undefined;
  readonly is1904: boolean;
}

interface Relation {
  readonly type: string;
  readonly target: string;
}

/** The value of an attribute, whatever its prefix. */
function attribute(attributes: Attributes, name: string): string | undefined {
  if (attributes[name] !== undefined) return attributes[name];
  const key = Object.keys(attributes).find((raw) => raw !== `xmlns:${name}` && localName(raw) === name);
  return key === undefined ? undefined : attributes[key];
}

/** A part that another one refers to. */
function resolvePart(from: string, target: string): string {
  const parts: string[] = target.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const piece of target.split("/")) {
    if (piece === "..") parts.pop();
    else if (piece !== "" && piece !== ".") parts.push(piece);
  }
  return parts.join("/");
}

/** Name of the part that holds the relations of a part. */
export function relationsPart(part: string): string {
  const slash = part.lastIndexOf("/") + 1;
  return `${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`;
}

async function relationsOf(parts: Parts, part: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>();
  const name = relationsPart(part);
  if (!parts.has(name)) return relations;
  await readXml(await parts.open(name), {
    open(element, attributes) {
      const { Id, Target, TargetMode, Type } = attributes;
      if (
        element !== "Relationship" || Id === undefined || Target === undefined || TargetMode === "External"
      ) return;
      relations.set(Id, { type: Type?.split("/").at(-1) ?? "", target: resolvePart(part, Target) });
    },
    close: () => undefined,
  });
  return relations;
}

function targetOf(relations: ReadonlyMap<string, Relation>, type: string): string | undefined {
  for (const relation of relations.values()) if (relation.type === type) return relation.target;
  return undefined;
}

/** Reads where everything is. */
export async function readFacts(parts: Parts): Promise<Facts> {
  const workbookPart = targetOf(await relationsOf(parts, ""), "officeDocument") ?? "xl/workbook.xml";
  if (!parts.has(workbookPart)) throw internal("invalid Excel file: there is no workbook in it");
  const relations = await relationsOf(parts, workbookPart);
  const sheets: SheetPlace[] = [];
  let is1904 = false;
  await readXml(await parts.open(workbookPart), {
    open(element, attributes) {
      if (element === "workbookPr") is1904 = ["1", "true"].includes(attributes["date1904"] ?? "");
      if (element !== "sheet") return;
      const name = attributes["name"];
      const relation = relations.get(attribute(attributes, "id") ?? "");
      // Charts and macros are sheets too, without cells.
      if (name !== undefined && relation?.type === "worksheet") sheets.push({ name, part: relation.target });
    },
    close: () => undefined,
  });
  if (sheets.length === 0) throw internal("invalid Excel file: there is no sheet in it");
  return {
    workbookPart,
    sheets,
    is1904,
    stringsPart: targetOf(relations, "sharedStrings"),
    stylesPart: targetOf(relations, "styles"),
  };
}

/** The strings that cells refer to by number. */
export async function readStrings(parts: Parts, name: string | undefined): Promise<string[]> {
  const strings: string[] = [];
  if (name === undefined || !parts.has(name)) return strings;
  const buffer = new TextBuffer();
  let isText = false;
  let phonetic = 0;
  let length = 0;
  await readXml(await parts.open(name), {
    open(element) {
      if (element === "t") isText = phonetic === 0;
      else if (element === "rPh") phonetic++;
    },
    close(element) {
      if (element === "t") isText = false;
      else if (element === "rPh") phonetic--;
      else if (element === "si") {
        const text = buffer.take();
        length += text.length + 8;
        if (length > EXCEL_STRINGS_MAX) {
          throw internal(`invalid Excel file: strings of more than ${EXCEL_STRINGS_MAX} characters`);
        }
        strings.push(text);
      }
    },
    text(text) {
      if (isText) buffer.add(text);
    },
  });
  return strings;
}

/** How numbers are shown, by the number of a cell's style. */
export async function readStyles(parts: Parts, name: string | undefined): Promise<NumberStyle[]> {
  const styles: NumberStyle[] = [];
  if (name === undefined || !parts.has(name)) return styles;
  const formats = new Map<number, NumberStyle>();
  let isCellFormats = false;
  await readXml(await parts.open(name), {
    open(element, attributes) {
      if (element === "numFmt") {
        formats.set(Number(attributes["numFmtId"]), styleOfFormat(attributes["formatCode"] ?? ""));
      } else if (element === "cellXfs") isCellFormats = true;
      else if (element === "xf" && isCellFormats) {
        const id = Number(attributes["numFmtId"] ?? 0);
        styles.push(formats.get(id) ?? styleOfBuiltin(id));
      }
    },
    close(element) {
      if (element === "cellXfs") isCellFormats = false;
    },
  });
  return styles;
}
