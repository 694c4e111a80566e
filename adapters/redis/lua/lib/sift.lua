-- sift: sorts on, from the front of a line, as long as its jobs are of types that have to wait: so one that has a great many of them is not
-- sorted one fetch for each. Each job is sorted out once.
local function sift(at, types)
  local list, n = q .. ':ready:' .. at, 0
  local ids = redis.call('LRANGE', list, 0, 24)
  for i, record in ipairs(#ids > 0 and redis.call('HMGET', q .. ':jobs', unpack(ids)) or {}) do
    local name = readable(record) and not flagged(record, LINED) and type_of(record)
    if not name or not types[name] then
      break
    end
    sideline(ids[i], record, name)
    n = i
  end
  if n > 0 then
    redis.call('LPOP', list, n)
  end
end

-- sideline_all: puts jobs aside that were taken out of lines, by their IDs.
local function sideline_all(entries, records, aside)
  local lines = {}
  for i, id in ipairs(entries) do
    if aside[id] then
      local at = byte(records[i], 23) .. ':' .. tenant_of(records[i])
      lines[at] = lines[at] or {}
      lines[at][aside[id]] = true
      sideline(id, records[i], aside[id])
      settle_up(id)
    end
  end
  for at, types in pairs(lines) do
    sift(at, types)
  end
end
