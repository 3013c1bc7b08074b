local face = {}

function face.read(hour: integer): string
  return string.format("%02d o'clock", hour)
end

return face
