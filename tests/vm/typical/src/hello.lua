return {main = function() return "hello" end}
