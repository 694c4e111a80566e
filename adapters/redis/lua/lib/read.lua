-- read: what the head of a job's record says.
local function readable(record)
  return record and #record >= 24 and byte(record, 1) == VERSION
end

local function flagged(record, flag)
  local flags = byte(record, 2)
  return flags ~= 0 and math.floor(flags / flag) % 2 == 1
end

local function with_flags(record, flags)
  return sub(record, 1, 1) .. char(flags) .. sub(record, 3)
end

local function rev_of(record)
  return struct.unpack('>I6', sub(record, 5, 10))
end
