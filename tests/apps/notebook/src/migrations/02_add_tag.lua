return require("migration").define(function()
  migration("Add tags to notes", function()
    database("sqlite", function()
      up(function(tx)
        local _, err = tx:execute("ALTER TABLE notes ADD COLUMN tag TEXT NOT NULL DEFAULT ''")
        if err then error(err) end
      end)
      down(function(tx)
        local _, err = tx:execute("ALTER TABLE notes DROP COLUMN tag")
        if err then error(err) end
      end)
    end)
  end)
end)
