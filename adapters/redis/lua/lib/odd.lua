-- odd: an entry in line whose record is not as most are: it cannot be read, or has flags.

-- passes: whether the job may be leased. An entry of one that cannot be read, or is not ready, is dropped; of one that is to be cancelled that is noted.
local function passes(id, record)
  if not readable(record) then
    unreadable(id, record)
    return false
  elseif flagged(record, LINED) then
    redis.call('HSET', q .. ':jobs', id, with_flags(record, byte(record, 2) - LINED))
    return false
  elseif flagged(record, CANCELLING) then
    placed[id] = ':c'
  end
  return true
end
