#!lua flags=no-writes
-- load: what tenants have in line.
--
-- KEYS[1] queue
-- ARGV skew, then up to 100 tenants
-- returns for each how many jobs stand in its lines, and for how long (ms) the first of one has been ready, the longest of its lines
--# use clock record

-- lines_of: a tenant's lists of ready jobs: its lines, and its lanes.
local function lines_of(tenant)
  local lines = {}
  for level = 0, 4 do
    local at = level .. ':' .. tenant
    lines[#lines + 1] = q .. ':ready:' .. at
    for name in string.gmatch(redis.call('HGET', q .. ':lanes', at) or '', '([^ ]+) ') do
      lines[#lines + 1] = q .. ':ready:' .. at .. ' ' .. name
    end
  end
  return lines
end

-- age: how long the first of a line has been ready. Entries of jobs that are elsewhere do not count; it looks at ten.
local function age(line)
  for at = 0, 9 do
    local id = redis.call('LINDEX', line, at)
    local record = id and redis.call('HGET', q .. ':jobs', id)
    if readable(record) and not flagged(record, LINED) then
      local created, due = struct.unpack('>I6I6', sub(record, 11, 22))
      return math.max(0, now - math.max(created, due))
    end
  end
  return 0
end

local out = {}
for i = 2, #ARGV do
  local ready, longest = 0, 0
  for _, line in ipairs(lines_of(ARGV[i])) do
    local n = redis.call('LLEN', line)
    if n > 0 then
      ready, longest = ready + n, math.max(longest, age(line))
    end
  end
  out[#out + 1], out[#out + 2] = ready, longest
end
return out
