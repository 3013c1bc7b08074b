/** The parts of an empty workbook, and the texts that a new sheet adds to those of any workbook. */
import { escapeXml } from "./xml.ts";

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** Name of the first sheet of a new workbook. */
export const FIRST_SHEET = "Sheet1";

/** A sheet without cells. */
export const EMPTY_SHEET = `${HEAD}<worksheet xmlns="${MAIN}"><sheetData></sheetData></worksheet>`;

/** The parts of an empty workbook with one sheet. */
export function emptyWorkbook(): Map<string, string> {
  return new Map([
    [
      "[Content_Types].xml",
      `${HEAD}<Types xmlns="${PACKAGE}/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Default Extension="xml" ContentType="application/xml"/>' +
      `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/>` +
      `<Override PartName="/xl/styles.xml" ContentType="${CONTENT}.styles+xml"/>` +
      `${contentTypeOf("xl/worksheets/sheet1.xml")}</Types>`,
    ],
    [
      "_rels/.rels",
      `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      "xl/workbook.xml",
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>` +
      `<sheet name="${FIRST_SHEET}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>` +
      `<Relationship Id="rId2" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`,
    ],
    [
      "xl/styles.xml",
      `${HEAD}<styleSheet xmlns="${MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
      '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
      '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
      '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>' +
      '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    ],
    ["xl/worksheets/sheet1.xml", EMPTY_SHEET],
  ]);
}

/** The content type of a sheet's part. */
export function contentTypeOf(part: string): string {
  return `<Override PartName="/${escapeXml(part)}" ContentType="${CONTENT}.worksheet+xml"/>`;
}

/** The relation of a workbook to a sheet's part. */
export function relationOf(id: string, part: string): string {
  return `<Relationship Id="${id}" Type="${RELATIONS}/worksheet" Target="/${escapeXml(part)}"/>`;
}

/** The entry of a sheet in the workbook's own part; `prefix` is that of the elements around it. */
export function sheetElement(
  prefix: string,
  { id, name, number }: { name: string; number: number; id: string },
): string {
  return `<${prefix}sheet xmlns:wr="${RELATIONS}" name="${
    escapeXml(name)
  }" sheetId="${number}" wr:id="${id}"/>`;
}
