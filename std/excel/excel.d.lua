--- Excel workbooks (.xlsx).
---
--- ```lua
--- local excel = require("excel")
--- local fs = require("fs")
---
--- local book = assert(excel.new())
--- book:new_sheet("Orders")
--- book:set_cell_value("Orders", "A1", "total")
--- book:set_cell_value("Orders", "B1", 99.5)
---
--- local volume = assert(fs.get("app:files"))
--- local file = assert(volume:open("/orders.xlsx", "w"))
--- assert(book:write_to(file) == nil)
--- file:close()
--- book:close()
---
--- local again = assert(excel.open(assert(volume:open("/orders.xlsx", "r"))))
--- assert(again:get_rows("Orders")[1][2] == "99.5")
--- again:close()
--- ```

--- The rows of a sheet in batches; nil after the last one. A read takes at most 10000 rows, one by default.
type excel.Cursor = {
  read: (self: excel.Cursor, rows: integer?) -> ({{string}}?, error?),
  close: (self: excel.Cursor) -> boolean
}

--- A workbook. Cells come as text: booleans as TRUE and FALSE, dates and times as ISO writes them.
type excel.Workbook = {
  new_sheet: (self: excel.Workbook, name: string) -> (integer?, error?),
  get_sheet_list: (self: excel.Workbook) -> ({string}?, error?),
  set_cell_value: (self: excel.Workbook, sheet: string, cell: string, value: any) -> error?,
  get_rows: (self: excel.Workbook, sheet: string) -> ({{string}}?, error?),
  rows: (self: excel.Workbook, sheet: string) -> (excel.Cursor?, error?),
  write_to: (self: excel.Workbook, file: any) -> error?,
  close: (self: excel.Workbook) -> error?
}

--- An empty workbook with the sheet `Sheet1`.
function excel.new(): (excel.Workbook?, error?)
--- The workbook in a file or stream, which may be closed afterwards.
function excel.open(file: any): (excel.Workbook?, error?)
