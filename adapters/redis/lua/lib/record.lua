-- record: the head of a job's record, the only part of it that scripts read, but for the type that comes next.
--
--   1 version   2 flags   3 crashes   4 status   5-10 rev   11-16 created   17-22 run at
--   23 level   24 length of the tenant's name   25- the name, then the type (see type_of), and then what only the client reads
--
-- Flags: 1, an entry of the job stands in a ready list though the job is not ready. 2, somebody wants
-- it cancelled.
local byte, sub, char = string.byte, string.sub, string.char
local VERSION, PENDING, LINED, CANCELLING = 1, 0, 1, 2

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
