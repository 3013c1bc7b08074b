local sqrt = math.sqrt
local PI = math.pi
local SOLAR_MASS, DAYS = 4 * PI * PI, 365.24

local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx * DAYS, vy = vy * DAYS, vz = vz * DAYS, mass = mass * SOLAR_MASS }
end

local function advance(bodies, count, dt)
  for i = 1, count do
    local a = bodies[i]
    local ax, ay, az, am = a.x, a.y, a.z, a.mass
    local avx, avy, avz = a.vx, a.vy, a.vz
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local d2 = dx * dx + dy * dy + dz * dz
      local mag = dt / (d2 * sqrt(d2))
      local bm = b.mass * mag
      avx = avx - dx * bm
      avy = avy - dy * bm
      avz = avz - dz * bm
      local scaled = am * mag
      b.vx = b.vx + dx * scaled
      b.vy = b.vy + dy * scaled
      b.vz = b.vz + dz * scaled
    end
    a.vx, a.vy, a.vz = avx, avy, avz
    a.x, a.y, a.z = ax + dt * avx, ay + dt * avy, az + dt * avz
  end
end

return function()
  local bodies = {
    body(0, 0, 0, 0, 0, 0, 1),
    body(4.84, -1.16, -0.10, 0.00166, 0.00769, -0.0000690, 0.000954),
    body(8.34, 4.12, -0.4, -0.00276, 0.00499, 0.0000230, 0.000285),
    body(12.89, -15.11, -0.22, 0.00296, 0.00237, -0.0000296, 0.0000436),
    body(15.37, -25.9, 0.179, 0.00268, 0.00162, -0.0000951, 0.0000515),
  }
  for _ = 1, 500000 do advance(bodies, #bodies, 0.01) end
  return bodies[1].x + bodies[2].y
end
