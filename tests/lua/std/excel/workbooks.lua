-- modules: excel, fs, base64, archive

local function failed(pattern, kind, none, err)
  assert(none == nil, "expected a failure, got " .. tostring(none))
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  assert(err:retryable() == false)
  assert(err:message():find(pattern, 1, true), err:message())
end

local function refused(pattern, err)
  failed(pattern, errors.INTERNAL, nil, err)
end

local function show(rows)
  local lines = {}
  for i, row in ipairs(rows) do lines[i] = table.concat(row, ",") end
  return table.concat(lines, "|")
end

local function same(got, want)
  assert(got == want, "got:  " .. tostring(got) .. "\nwant: " .. want)
end

local function files()
  return assert(fs.get("case:data"))
end

--- Writes a workbook and opens what was written.
local function reopened(wb, name)
  local vol = files()
  local file = assert(vol:open(name, "w"))
  assert(wb:write_to(file) == nil)
  assert(file:close())
  file = assert(vol:open(name))
  local again = assert(excel.open(file))
  assert(file:close(), "the file is not needed any more")
  return again
end

test("a new workbook has one sheet [excel.new] [excel.sheets] [excel.tostring]", function()
  local wb = assert(excel.new())
  same(table.concat(wb:get_sheet_list(), ","), "Sheet1")
  same(tostring(wb), "excel.Workbook{}")
  assert(#wb:get_rows("Sheet1") == 0)
end)

test("sheets are added once, and have a place [excel.new_sheet] [excel.sheets]", function()
  local wb = excel.new()
  local one, two = assert(wb:new_sheet("Sales")), assert(wb:new_sheet("Summary & more"))
  assert(one ~= two and wb:new_sheet("Sales") == one and wb:new_sheet("sales") == one)
  same(table.concat(wb:get_sheet_list(), ","), "Sheet1,Sales,Summary & more")
  for _, name in ipairs({ "", ("x"):rep(32), "a/b", "a:b", "a[b", "'a" }) do
    failed("invalid sheet name", errors.INTERNAL, wb:new_sheet(name))
  end
end)

test("cells are set by reference and come back as text [excel.set_cell_value] [excel.get_rows]", function()
  local wb = excel.new()
  wb:new_sheet("Data")
  assert(wb:set_cell_value("Data", "A1", "Product") == nil)
  wb:set_cell_value("Data", "B1", 29.99)
  wb:set_cell_value("Data", "c1", true)
  wb:set_cell_value("Data", "A2", 95)
  wb:set_cell_value("Data", "B2", false)
  wb:set_cell_value("Data", "A4", 0.1 + 0.2)
  wb:set_cell_value("Data", "AB3", "far")
  local rows = assert(wb:get_rows("Data"))
  assert(#rows == 4 and #rows[3] == 28 and rows[3][28] == "far" and rows[3][1] == "")
  rows[3] = {}
  same(show(rows), "Product,29.99,TRUE|95,FALSE||0.3")
  wb:set_cell_value("Data", "A4", nil)
  assert(#wb:get_rows("Data") == 3)
end)

test("what can't be set says why, as the only result [excel.set_cell_value] [excel.errors]", function()
  local wb = excel.new()
  for _, cell in ipairs({ "", "A", "1", "A0", "1A", "XFE1", "A1048577", "A-1", "AAAA1" }) do
    refused("invalid cell reference: " .. cell, wb:set_cell_value("Sheet1", cell, "x"))
  end
  assert(wb:set_cell_value("Sheet1", "XFD1048576", "last") == nil)
  refused("sheet not found: Nothing", wb:set_cell_value("Nothing", "A1", "x"))
  refused("unsupported cell value: table", wb:set_cell_value("Sheet1", "A1", {}))
  refused("no number for a cell", wb:set_cell_value("Sheet1", "A1", 0 / 0))
  refused("at most 32767", wb:set_cell_value("Sheet1", "A1", ("x"):rep(32768)))
end)

test("a workbook is written and opened again [excel.write_to] [excel.open]", function()
  local wb = excel.new()
  wb:new_sheet("Über")
  local values = { "text", " <&\"'> ", "line\nbreak", "😀", 45000, -1.5, 1e21, true, false }
  for i, value in ipairs(values) do wb:set_cell_value("Über", "B" .. i, value) end
  wb:set_cell_value("Sheet1", "A1", "first")
  local again = reopened(wb, "written.xlsx")
  same(table.concat(again:get_sheet_list(), ","), "Sheet1,Über")
  local rows = again:get_rows("Über")
  local want = { "text", " <&\"'> ", "line\nbreak", "😀", "45000", "-1.5", "1e+21", "TRUE", "FALSE" }
  for i, text in ipairs(want) do same(rows[i][2], text) end
  same(show(again:get_rows("Sheet1")), "first")
end)

test("the cursor reads batches, empty rows included, and repeats its end [excel.rows] [excel.cursor.read]", function()
  local wb = excel.new()
  for _, i in ipairs({ 1, 2, 5 }) do wb:set_cell_value("Sheet1", "A" .. i, i) end
  wb = reopened(wb, "cursor.xlsx")
  wb:set_cell_value("Sheet1", "A7", "")
  local cursor = assert(wb:rows("Sheet1"))
  same(show(assert(cursor:read())), "1")
  local batch = assert(cursor:read(3))
  assert(#batch == 3 and #batch[2] == 0 and #batch[3] == 0)
  same(show(batch), "2||")
  batch = assert(cursor:read(10000))
  assert(#batch == 3 and #batch[3] == 0, "trailing empty rows stay")
  for _ = 1, 3 do
    local none, err = cursor:read(5)
    assert(none == nil and err == nil)
  end
  failed("at least 1", errors.INTERNAL, cursor:read(0))
  assert(#wb:rows("Sheet1"):read(1000000) == 7, "the ceiling only bounds a batch")
  failed("sheet not found: x", errors.INTERNAL, wb:rows("x"))
end)

test("a batch has at most ten thousand rows [excel.cursor.read]", function()
  local wb = excel.new()
  wb:set_cell_value("Sheet1", "A25001", "last")
  local cursor = wb:rows("Sheet1")
  local counts = {}
  for batch in function() return cursor:read(1000000) end do counts[#counts + 1] = #batch end
  same(table.concat(counts, ","), "10000,10000,5001")
end)

test("cursors close, alone and with their workbook [excel.cursor.close] [excel.close] [excel.tostring]", function()
  local wb = excel.new()
  wb:set_cell_value("Sheet1", "A1", "x")
  local one, two = wb:rows("Sheet1"), wb:rows("Sheet1")
  assert(one:close() and one:close())
  failed("cursor is closed", errors.INTERNAL, one:read())
  assert(wb:close() == nil and wb:close() == nil)
  failed("workbook is closed", errors.INTERNAL, two:read())
  same(tostring(wb), "excel.Workbook{closed}")
  failed("workbook is closed", errors.INTERNAL, wb:get_rows("Sheet1"))
  failed("workbook is closed", errors.INTERNAL, wb:new_sheet("x"))
  failed("workbook is closed", errors.INTERNAL, wb:get_sheet_list())
  refused("workbook is closed", wb:set_cell_value("Sheet1", "A1", 1))
  refused("workbook is closed", wb:write_to(files():open("closed.xlsx", "w")))
end)

-- Made by another program: shared strings, rich text, formulas, dates, styles, an empty sheet.
local MADE = "UEsDBAoAAAAIAIuae13qc8NaXAEAAHgFAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbMVUyW7CMBC99ysiX1Fi4FBVFYFDaY8tUukHuPGEWDi25Rm2v+8kUFRVLEIgcYkVz9s8iWcwWtc2WUJE410uellXJOAKr42b5eJr+pY+iQRJOa2sd5CLDaAYDR8G000ATJjsMBcVUXiWEosKaoWZD+C4UvpYK+LXOJNBFXM1A9nvdh9l4R2Bo5QaDTEcjKFUC0vJ65q3t0EiWBTJyxbYeOVChWBNoYjrcun0P5d055Axs8VgZQJ2GCDkQYemctxgx/vgzkSjIZmoSO+qZpRcW7nycf7t/Tw7LXIgpS9LU4D2xaJmSoYhgtJYAVBts3bNamVc57x/C0bZLr0bB9nrX5ijf6ccxP8dbJ/Xt6KVOWOItLGAt/78reg550pF0J8U+YLePMBf7RNXZ3mlK/PHUa3Y5dhBGTqJPiCPigiXn/J3FjTsNLAQRDKnW7t3ZOmr2wpNrzToA96yHZzDH1BLAwQKAAAAAACLmntdAAAAAAAAAAAAAAAABgAAAF9yZWxzL1BLAwQKAAAACACLmntd8p9J2ukAAABLAgAACwAAAF9yZWxzLy5yZWxzrZLBTsMwDEDvfEXk+5puSAihpbsgpN0mND7AJG4btY2jxIPu74mQQAyNaQeOceznZ8vrzTyN6o1S9hwMLKsaFAXLzofOwMv+aXEPKgsGhyMHMnCkDJvmZv1MI0qpyb2PWRVIyAZ6kfigdbY9TZgrjhTKT8tpQinP1OmIdsCO9Kqu73T6yYDmhKm2zkDauiWo/THSNWxuW2/pke1hoiBnWvzKKGRMHYmBedTvnIZX5qEqUNDnXVbXu/w9p55I0KGgtpxoEVOpTuLLWr91HNtdCefPjEtCt/+5HJqFgiN3WQlj/DLSJzfQfABQSwMECgAAAAAAi5p7XQAAAAAAAAAAAAAAAAMAAAB4bC9QSwMECgAAAAAAi5p7XQAAAAAAAAAAAAAAAAkAAAB4bC9fcmVscy9QSwMECgAAAAgAi5p7Xf6+kZLxAAAARgMAABoAAAB4bC9fcmVscy93b3JrYm9vay54bWwucmVsc72SzWrDMBCE730KsfdatvtDKZFzKYVcW/cBhLW2TGxJaLc/fvuqDW0cCKYH05OYFTvzMdJm+zEO4g0j9d4pKLIcBLrGm951Cl7qx8s7EMTaGT14hwomJNhWF5snHDSnHbJ9IJFMHCmwzOFeSmosjpoyH9Clm9bHUXOSsZNBN3vdoSzz/FbGuQdUJ55iZxTEnSlA1FPAv3j7tu0bfPDN64iOz0RI4mlI/KLWsUNWcNBZ8gF5Pr5cM57TLh7Tv+VhWCwxXK1agdURzTPH9MDzJubjJZjrNWHefdyTReQjyO/oCzUdi83c/DNM+QMjT75/9QlQSwMECgAAAAAAi5p7XQAAAAAAAAAAAAAAAA4AAAB4bC93b3Jrc2hlZXRzL1BLAwQKAAAACACLmntd057PTF0CAACVBQAAGAAAAHhsL3dvcmtzaGVldHMvc2hlZXQxLnhtbJVUXW/TMBR951dERtoLWpzPjWRJprFuAgkQgiGeXcdprMWxsd1u49dza7cl7Spt5CW+99x7cs517OryUQzBimnD5VijOIxQwEYqWz4uavTz7vb0PQqMJWNLBjmyGj0xgy6bN9WD1PemZ8wGQDCaGvXWqhJjQ3smiAmlYiMgndSCWAj1AhulGWldkxhwEkVnWBA+Is9Q6tdwyK7jlM0kXQo2Wk+i2UAsyDc9V2bLJuhr6ATR90t1SqVQQDHnA7dPjhQFgpafFqPUZD6A7cc4I3TL7YJn9IJTLY3sbAh0G6HPPRe4wMDUVC0HB+upB5p1NbqKy5sC4aZytbdO4zcdtKwjy8F+lw8fGV/0FrYoR4Fc2oGP7DNbsQGgGkX7uWs5uJwTWrZPM2YojKtGeb77xIxY0lRaPgQw+Bg2WZH1NsZldqQvCpMcNNN17dW62LUAYCC7aqIKr5oK003FhykW72OzKZbsMAxCdmqSiZr8JTXJhC890JG4bJGH+T5w7ZvmRwUmzp5vzfI0OtvHbzye/sPDLD3PjzvJ/sdJNnGSHTjJINs18TsQ2+1Pzhva9Frt6k5+L6W9IP51QoS68Mu5f204yPzAeeY3M0yj/edAzI3/GHPVb7/iq+Pei533tExf8H5dTLwfzhJP/ldFFuwL0Qs+mmBgnaM5R4H2Z8OtrVRuBfOeS2ul2EY9nESm1xHI6aS02wB73h/MLlUgNQd57kKpkZLaasItNEP+jwRgmCkOG5sUWXF2nhTAC7en5fQIYCAJd0ccwVHsuL2Tv3hre3d0XLg70msFeHejNn8BUEsDBAoAAAAIAIuae113VIKwlQEAAOYCAAAYAAAAeGwvd29ya3NoZWV0cy9zaGVldDIueG1sjZJNb9swDIbv+xWC7o3tLGlnI05RLChaYAOGtcXOikzbQiVRkOi22a8fo3wARXfojS9JPfzS6vrNWfECMRn0raxmpRTgNXbGD618ery9+CZFIuU7ZdFDK3eQ5PX6y+oV43MaAUgwwKdWjkShKYqkR3AqzTCA50iP0SliGYcihQiqy4+cLeZleVk4Zbw8EJr4GQb2vdGwQT058HSARLCKuP00mpBONKc/g3MqPk/hQqMLjNgaa2iXoVI43dwPHqPaWh77rVoofWJn8QHvjI6YsKcZ446Nfpy5LuqCSetVZ3iC/dZFhL6VN1VzU8livcq5t7nHX1F00KvJ0m98vQMzjMQnWkqBE1nj4Qe8gOVQK8v3vu9osy832nS7DSTN62rlcnkusVGk2A5qgJ8qDsYnYaHnnHJ2JUU8FMs2YcgWF94iEbqTGnk0iHv1VYoekU7iyH0AmoLAaLh2vlArA0aKyhA/Zv9f5IDdBNPKxbxe1JdX85q5/B3J6P8EEjv5GFXJs/WGHvGP6Whkx1Ged7TvoDh/0fU/UEsDBAoAAAAIAIuae1394189xQAAADwBAAAUAAAAeGwvc2hhcmVkU3RyaW5ncy54bWxlj01LAzEQhu/+ijB3m9VDKZKkFMGjFKp4jtlpE9hM1pms1H/fbIsf1MvA87wzL4xZH/OgPpElFbJwt+hAIYXSJzpYeH15ul2Bkuqp90MhtPCFAmt3Y0SqaqckFmKt44PWEiJmL4syIrVkXzj72pAPWkZG30tErHnQ91231NknAhXKRNXCEtRE6WPCx292RpIz1T37jEZXZ/TMF7cLhf/Jt4h07TZDCleLPHtOF8ln5m0b73rm7TkO8Sf+U7b3/Ful2/vuBFBLAwQKAAAAAACLmntdAAAAAAAAAAAAAAAACQAAAHhsL3RoZW1lL1BLAwQKAAAACACLmntddpsw3yEGAAAZHwAAEwAAAHhsL3RoZW1lL3RoZW1lMS54bWztWU1v2zYYvu9XELq38pdSJ6hTxI7dbm3aIHE79EhLtMSGEgWSTuLb0B4HDBjWDbsM2G2HYVuBFtil+zXZOmwd0L+wV9aHKZtqnCbdUCA5OCL1PO8X3/claV+/cRwydEiEpDzqWPWrNQuRyOUejfyOdX84uNK2kFQ48jDjEelYUyKtG5sfXccbKiAhQUCP5AbuWIFS8YZtSxemsbzKYxLBuzEXIVYwFL7tCXwEYkNmN2q1NTvENLJQhEOQem88pi5Bw0SktYly6X0GH5GSsxmXiX13plPnpGjvoD77L6eyxwQ6xKxjgS6PHw3JsbIQw1LBi45Vm/1ZNqDtOY2pKrpGHcz+cmpO8Q4aKVX4o4JbH7TWr23PtTQyLQZov9/v9etzqSkEuy74XV+GtwbtereQrMPSZ4OGXs2ptRYoupbmMmW92+0662VKU6O0lint2lprq1GmtDSKY/Clu9XrrZUpjkZZW6YMrq2vtRYoKSxgNDpYJiSrPV+0OWjM2S0zow2MdpEhGs7WUjCTEanKjAzxIy4GgEiXHisaITWNyRi7gOzhcCQonmnBGwRrr7I5Vy7PJQqRdAWNVcf6JMZQPnPMm5c/vXn5HL15+ezk8YuTx7+ePHly8vgXE/MWjnyd+fqHL//57jP09/PvXz/9uoIgdcIfP3/++29fVSCVjnz1zbM/Xzx79e0Xf/341ITfEnik44c0JBLdJUdoj4fgn0kFGYkzUoYBpiUKDgBqQvZVUELenWJmBHZJOYYPBLQLI/Lm5FHJ3v1ATBQ1IW8HYQm5wznrcmH26XaiTvdpEvkV+sVEB+5hfGhU31tY5f4khtymRqG9gJRM3WWw8NgnEVEoeccPCDHxHlJaiu8OdQWXfKzQQ4q6mJoDM6QjZWbdoiEs0NRoI6x6KUI7D1CXM6OCbXJYhkKFYGYUSlgpmjfxROHQbDUOmQ69g1VgNHR/KtxS4KWCRfcJ46jvESmNpHtiWjL5NoY2Zc6AHTYNy1Ch6IERegdzrkO3+UEvwGFstptGgQ7+WB5AxmK0y5XZDl6umWQMC4Kj6pV/QIk6Y7Hfp35gTpbkzUQYa4Twco1O2RiTKN8Eyr08pNFbOzuj0NovO/tCZ9+C7c5YUYv9vBL4gXbxbTyJdglUymUTv2zil038bRX+Plq31qxt/cieSgqrD/Bjyti+mjJyR6adXoKb3gBm09GMV9wa4gAec6VlpC/wbIAEV59SFewHOAZd9VSNL3P5vkQxl3BlsaoVpFdjCv7PJp3iMgt4rHa4l843S7fcQlI69GVJXTMRsrrK5rXzq6yn2JV11p0Knc5pOm09wFBbCCdfa9TXGqkFkEWYES9ZjExIvljve+XqNX3pAuwR07zma735/uLrnNGWi4t7zRB321B7LFoYoqOOte40HAu5OO5YYziGwWMYg0yZNCjM/KhjuSrzdYXaXfR+vSLp6jWn2vmynlhItY1lkBJn74oveiLNkYbTSoJyUZ4Yu9CqtjTb9f/dFntpwcl4TFxVNaWN87d8oojYD7wjNGITsYfBg1aaeh6VsG008oGA9G9lWVku87yAFr9OyisLszjAWUG09ZRICemgsCMd6kbaVT68s0/NC/XJufQp3/ldOBM3vdmzCwcFgVGSwh2LCxVwaF1xQN2BgLNFqhHsQ1A6iWmIJV+rJzaTQ63dpVKy7ugHao/6SFBokSoQhOyqzOPT5NUbpV03F5W3prnVMs4eRuSQsGFS6GtJMCwU5O0nj0qKXFpI21iEI3/wARyTWu+8j83Vtc62pbb03UPbVNbPb8lqu7umtFHhfsN5y062vI3HcPVByQfsAFS4TDsnD/keZAYqjhIIcvVKOyvWYnIEtrd1PxNh/+2xq12VCRd+etXi36yK/6lKzxN/xxB+59To24aatrWLUjpc/nGOjx6BBdtwCZuwbErGMMyedkXq/oh70/yZybSXZIEpNggW7ZExot5xseQLUc5+9ZofGfYyPUkoCm5zFW7G0Damgt9YhV9wNvOLacGf3TyNMpimP2VkGTBvtfPYsejcUVzJk4oomvN89SiutILvFEV1fGoU89jZxvwkx0rgXv6LHqS6rSX35r9QSwMECgAAAAgAi5p7XZwMybrUAgAAjwcAAA0AAAB4bC9zdHlsZXMueG1srZXfb9owEMff91dYfk+dpCQDlKQa0EiVumoSTNqrSRyw6h+R43Swaf/77DiQoHZr1Y0HbJ/vPve17zDJzYEz8ERUQ6VIYXDlQ0BEIUsqdin8usm9KQSNxqLETAqSwiNp4E32IWn0kZH1nhANDEE0KdxrXc8Raoo94bi5kjURZqeSimNtlmqHmloRXDY2iDMU+n6MOKYCOsKcF2+BcKwe29orJK+xplvKqD52LAh4Mb/bCanwlhmlh2CCC3AIYhWeMnSmZ0k4LZRsZKWvDBTJqqIFea51hmYIFwPJYN9HCiLkh+7gWSJannPdgEK2QqcwPJuAG+5KU5R4AoG7gqUsbQ3Mx+PcK0uIXvSPLv3LEnGObBTY7+ec2yjUZ86SSoqxANBd0vxRyO8it1sGCJ1XlhSSSQW0OS2xZsOpMKfsCJ4ws8HG0N0FcQZOTTU64w9nCLoYgU8OS8zoVtFOkMvgvreDoRusTMrYxT1ZQ5aYJtBEidwsQD/fHGujTph2ddzO7xXvncLHIIxGAd1g8m6lKs3P45TZ3oUzZQkjlTYBiu72dtSyRnZTa1P8LCkp3kmBmUWeIvqJwRaEsbX9DX2rLtiHalRJ39ZRnKdGUD91GLew/DHNsUfYybuw4FCd+X+KDl6PBriu2dE2Ut8wF6y+td+sxdEeWr4lKu86/GVq9H+oqL/JUbkuinW2AtvSKXywwWwE3raUaSpeKJRhloehRt2utg/XZRbDKEmFW6Y3580UDvPPpKQtD89eX+iT1L3XML+3HRrENgc56PtGdyNoFU3hz9vFx9nqNg+9qb+YepNrEnmzaLHyoslysVrlMz/0l79GL+g/vJ/9o2cg84YZL9Ufthe/HmwpHC2c/O7+jOyx9lkY+5+iwPfyaz/wJjGeetP4OvLyKAhX8WRxG+XRSHv0zhfbR0EwiI/mmnLCqCCX8jdjqymSWf7lEOhUCTT8lWa/AVBLAwQKAAAAAACLmntdAAAAAAAAAAAAAAAACQAAAGRvY1Byb3BzL1BLAwQKAAAACACLmntdmZhmEI8BAABGAwAAEAAAAGRvY1Byb3BzL2FwcC54bWydU01P4zAQve+vsHzgRh26CK2KY7QqIA6LtlILex6cSWPh2JY9RO3++nVSNaRwQNrbm5mn5zcflje71rIOYzLelfxiVnCGTvvKuG3Jnzb35z84SwSuAusdlnyPid+ob3IVfcBIBhPLCi6VvCEKCyGSbrCFNMtllyu1jy1QDuNW+Lo2Gm+9fmvRkZgXxZXAHaGrsDoPoyA/KC46+l/RyuveX3re7EPWU/JnCNZooNykejQ6+uRrYnc7jVaKaVFmoTXqt2horwoppqFca7C4zMKqBptQiveEfEDoZ7YCE5OSHS061OQjS+ZvntqcsxdI2NspeQfRgCN+oB2CAduQKKo/Pr6mBpGSFGNygFPuFJtLNR8IGZwSxWgk41OLG0MW0+96BZG+cjx44BOPt0DAzqAN16z1EadGR3TXBtp/auFo5sPzS98GcHnGYkSP4GCLPXdEv4x7TU9h4/P7eFzCaVKuG4hY5b2NSxoT8iF3E23PXzbgtlgdOZ8L/ck8H76FuriaFd+LYriUY06K9x+g/gFQSwMECgAAAAgAi5p7XdLmdGZeAQAA4wIAABEAAABkb2NQcm9wcy9jb3JlLnhtbJ1Sy07DMBC88xWR76mTVCoQpakEqCcqIVEE4mbsbWua2Ja9Jc3f4zyatKInbjs7s+N9OFscyyL4AeukVnMSTyISgOJaSLWdk7f1MrwjgUOmBCu0gjmpwZFFfpNxk3Jt4cVqAxYluMAbKZdyMyc7RJNS6vgOSuYmXqE8udG2ZOih3VLD+J5tgSZRNKMlIBMMGW0MQzM4kt5S8MHSHGzRGghOoYASFDoaT2I6ahFs6a4WtMyZspRYG7gqPZGD+ujkIKyqalJNW6nvP6Yfq+fXdtRQqmZVHEieCZ5yCwy1zd/UXulKZfQs1/AosYC8Tfehj9zh6xs4dukB+FiA41Ya9HfqyIuEP8ce6kpb4Tx7gZpLMYSttnVHjciDgjlc+XNvJIiHeuz1L5X1u+1mABH4naTdBk/M+/Txab0keRIlszCOw+R2Hd+nSZQmyWfT80X9aFj2j/zb8WTQz3fxL/NfUEsDBAoAAAAIAIuae12i4+oscQEAALcCAAAPAAAAeGwvd29ya2Jvb2sueG1sjZLLbsIwEEX3/QrLi+5KEijQpgSkCiqxqbqg3Q/OBCz8ku3w+PtOQkNVIVVsbM/Yc+Ze25PZUSu2Rx+kNQXPeilnaIQtpdkU/HP19vDEWYhgSlDWYMFPGPhsejc5WL9bW7tjVG9CwbcxujxJgtiihtCzDg3tVNZriBT6TRKcRyjDFjFqlfTTdJRokIafCbm/hWGrSgqcW1FrNPEM8aggkvqwlS50NC1uwWnwu9o9CKsdIdZSyXhqoZxpkS83xnpYK3J9zIYdmZZXaC2Ft8FWsUeoH5FXfrM0ybKz5emkkgq/zrfOwLl30E0XxZmCEBeljFgWnHoqe8A/CV+711oqCp4H6YAn08tLfHhWYgW1iitS1dHpTUePaZZxRi0j+g8v9yBOlG5qW3XhZ2btuCybPWZaRXOIwO5Buxemrcf2K0TK72WQdDEkJ5d03i/LxwvuF9PvMAvt4umf4mFTnHRiBChBZpqpFTPO0v64PdFZnX4DUEsBAhQACgAAAAgAi5p7Xepzw1pcAQAAeAUAABMAAAAAAAAAAAAAAAAAAAAAAFtDb250ZW50X1R5cGVzXS54bWxQSwECFAAKAAAAAACLmntdAAAAAAAAAAAAAAAABgAAAAAAAAAAABAAAACNAQAAX3JlbHMvUEsBAhQACgAAAAgAi5p7XfKfSdrpAAAASwIAAAsAAAAAAAAAAAAAAAAAsQEAAF9yZWxzLy5yZWxzUEsBAhQACgAAAAAAi5p7XQAAAAAAAAAAAAAAAAMAAAAAAAAAAAAQAAAAwwIAAHhsL1BLAQIUAAoAAAAAAIuae10AAAAAAAAAAAAAAAAJAAAAAAAAAAAAEAAAAOQCAAB4bC9fcmVscy9QSwECFAAKAAAACACLmntd/r6RkvEAAABGAwAAGgAAAAAAAAAAAAAAAAALAwAAeGwvX3JlbHMvd29ya2Jvb2sueG1sLnJlbHNQSwECFAAKAAAAAACLmntdAAAAAAAAAAAAAAAADgAAAAAAAAAAABAAAAA0BAAAeGwvd29ya3NoZWV0cy9QSwECFAAKAAAACACLmntd057PTF0CAACVBQAAGAAAAAAAAAAAAAAAAABgBAAAeGwvd29ya3NoZWV0cy9zaGVldDEueG1sUEsBAhQACgAAAAgAi5p7XXdUgrCVAQAA5gIAABgAAAAAAAAAAAAAAAAA8wYAAHhsL3dvcmtzaGVldHMvc2hlZXQyLnhtbFBLAQIUAAoAAAAIAIuae1394189xQAAADwBAAAUAAAAAAAAAAAAAAAAAL4IAAB4bC9zaGFyZWRTdHJpbmdzLnhtbFBLAQIUAAoAAAAAAIuae10AAAAAAAAAAAAAAAAJAAAAAAAAAAAAEAAAALUJAAB4bC90aGVtZS9QSwECFAAKAAAACACLmntddpsw3yEGAAAZHwAAEwAAAAAAAAAAAAAAAADcCQAAeGwvdGhlbWUvdGhlbWUxLnhtbFBLAQIUAAoAAAAIAIuae12cDMm61AIAAI8HAAANAAAAAAAAAAAAAAAAAC4QAAB4bC9zdHlsZXMueG1sUEsBAhQACgAAAAAAi5p7XQAAAAAAAAAAAAAAAAkAAAAAAAAAAAAQAAAALRMAAGRvY1Byb3BzL1BLAQIUAAoAAAAIAIuae12ZmGYQjwEAAEYDAAAQAAAAAAAAAAAAAAAAAFQTAABkb2NQcm9wcy9hcHAueG1sUEsBAhQACgAAAAgAi5p7XdLmdGZeAQAA4wIAABEAAAAAAAAAAAAAAAAAERUAAGRvY1Byb3BzL2NvcmUueG1sUEsBAhQACgAAAAgAi5p7XaLj6ixxAQAAtwIAAA8AAAAAAAAAAAAAAAAAnhYAAHhsL3dvcmtib29rLnhtbFBLBQYAAAAAEQARAAwEAAA8GAAAAAA="

local function made()
  local vol = files()
  vol:writefile("made.xlsx", base64.decode(MADE))
  return assert(excel.open(vol:open("made.xlsx")))
end

test("workbooks of other programs are read [excel.open] [excel.get_rows]", function()
  local wb = made()
  same(table.concat(wb:get_sheet_list(), ","), "Data & more,Empty")
  local rows = assert(wb:get_rows("Data & more"))
  same(show(rows), "Name,Score,,When|Alice,95.5,TRUE,2024-01-15,2024-01-15 10:30:00||rich,2,ab,0.3,#N/A|||||,,far")
  assert(#wb:get_rows("Empty") == 0)
  assert(wb:rows("Empty"):read() == nil)
end)

test("a changed workbook keeps what was not changed [excel.write_to] [excel.set_cell_value]", function()
  local wb = made()
  wb:set_cell_value("Data & more", "A1", "Changed")
  wb:set_cell_value("Data & more", "C1", "between")
  wb:set_cell_value("Data & more", "B3", "in a gap")
  wb:set_cell_value("Data & more", "A20", "below")
  wb:set_cell_value("Empty", "B2", 1)
  wb:new_sheet("Added")
  wb:set_cell_value("Added", "A1", "new")
  local again = reopened(wb, "changed.xlsx")
  same(table.concat(again:get_sheet_list(), ","), "Data & more,Empty,Added")
  local rows = again:get_rows("Data & more")
  assert(#rows == 20 and rows[20][1] == "below")
  for i = 20, 10, -1 do rows[i] = nil end
  same(show(rows), "Changed,Score,between,When|Alice,95.5,TRUE,2024-01-15,2024-01-15 10:30:00|,in a gap|rich,2,ab,0.3,#N/A|||||,,far")
  same(show(again:get_rows("Empty")), "|,1")
  same(show(again:get_rows("Added")), "new")
  local zip = archive.open(files(), "changed.xlsx")
  local sheet = assert(zip:read("xl/worksheets/sheet1.xml"))
  assert(sheet:find('<f>1+1</f>', 1, true), "formulas stay")
  assert(sheet:find('<c r="A1" s="%d+" t="inlineStr">'), "a changed cell keeps its style")
  assert(zip:read("xl/theme/theme1.xml") == archive.open(files(), "made.xlsx"):read("xl/theme/theme1.xml"))
end)

test("what is no Excel file, or a broken one, is Internal [excel.open] [excel.errors]", function()
  local vol = files()
  local whole = base64.decode(MADE)
  for i, bytes in ipairs({ "", "no workbook", whole:sub(1, 1000), whole:sub(1, -100), whole:sub(1, 2000) .. ("\0"):rep(2000) }) do
    vol:writefile("bad.xlsx", bytes)
    failed("invalid Excel file", errors.INTERNAL, excel.open(vol:open("bad.xlsx")))
    assert(i)
  end
  local w = archive.create(vol, "other.zip")
  w:add("a.txt", "x")
  w:close()
  failed("there is no workbook in it", errors.INTERNAL, excel.open(vol:open("other.zip")))
  failed("not a reader", errors.INTERNAL, excel.open("text"))
  failed("invalid Excel file", errors.INTERNAL, excel.open(vol:open("w.xlsx", "w")))
  refused("not a writer", excel.new():write_to("text"))
  refused("write failed", excel.new():write_to(vol:open("made.xlsx", "r")))
  failed("invalid workbook", errors.INVALID, excel.new().get_rows(vol, "x"))
end)

--- A workbook whose only sheet holds `data`.
local function crafted(data, parts)
  local vol = files()
  local w = archive.create(vol, "crafted.xlsx", { format = "zip" })
  local types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
  w:add("_rels/.rels", ('<Relationships><Relationship Id="a" Type="%sofficeDocument" Target="w.xml"/></Relationships>'):format(types))
  w:add("w.xml", '<workbook xmlns:r="x"><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>')
  w:add("_rels/w.xml.rels", ('<Relationships><Relationship Id="b" Type="%sworksheet" Target="s.xml"/></Relationships>'):format(types))
  w:add("s.xml", data)
  w:close()
  return assert(excel.open(vol:open("crafted.xlsx")))
end

test("workbooks damaged at random are read, or refused as Internal [excel.errors]", function()
  local vol = files()
  local whole = base64.decode(MADE)
  local seed = 4711
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n + 1
  end
  local refused = 0
  for _ = 1, 150 do
    local at = random(#whole)
    vol:writefile("damaged.xlsx", whole:sub(1, at - 1) .. string.char(random(256) - 1) .. whole:sub(at + 1))
    local wb, err = excel.open(vol:open("damaged.xlsx"))
    if wb then _, err = wb:get_rows(wb:get_sheet_list()[1]) end
    if err then
      refused = refused + 1
      assert(err:kind() == errors.INTERNAL and err:message():find("invalid Excel file", 1, true), tostring(err))
    end
  end
  assert(refused > 20, refused)
end)

test("a sheet that lies fails, and the cursor repeats it [excel.cursor.read] [excel.errors]", function()
  for _, data in ipairs({
    '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1"></row></sheetData></worksheet>',
    '<worksheet><sheetData><row r="1"></row><row r="9999999"></row></sheetData></worksheet>',
    '<worksheet><sheetData><row><c r="ZZZZ1"/></row></sheetData></worksheet>',
    '<worksheet><sheetData>' .. ("<row>"):rep(300),
  }) do
    local wb = crafted(data)
    failed("invalid Excel file", errors.INTERNAL, wb:get_rows("S"))
    local cursor = wb:rows("S")
    local first
    for _ = 1, 5 do
      local batch, err = cursor:read(10000)
      if err then first = first or err:message() same(err:message(), first) end
      assert(not (first and batch))
    end
    assert(first)
  end
end)

test("entities are those of XML, and nothing is expanded [excel.open]", function()
  local wb = crafted('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData><row><c t="str"><v>&b;&lt;&#65;</v></c></row></sheetData></worksheet>')
  same(show(wb:get_rows("S")), "&b;<A")
end)

test("a sheet that unpacks to much is read in little memory [excel.rows]", function()
  local row = '<row><c t="inlineStr"><is><t>' .. ("x"):rep(100) .. "</t></is></c></row>"
  local wb = crafted("<worksheet><sheetData>" .. row:rep(100000) .. "</sheetData></worksheet>")
  local cursor = wb:rows("S")
  local count = 0
  for batch in function() return cursor:read(1000) end do count = count + #batch end
  assert(count == 100000)
end)
