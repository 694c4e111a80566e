-- line: makes a job ready: at the end of its tenant's line, or in front of it. One that has crashed so often
-- that it must be leased alone stands in a line of its own. A job of which an entry stands in line
-- already stays there. In front is said with the value of the lease that has ended: one whose type was limited goes to the front of its lane, if
-- there is one, since all in it came later. Gives the record as it is to be stored.
local function line(id, record, front)
  local push = front and 'LPUSH' or 'RPUSH'
  lined = true
  if byte(record, 3) >= SUSPECT then
    redis.call(push, q .. ':suspects', id)
  elseif flagged(record, LINED) then
    return with_flags(record, byte(record, 2) - LINED)
  else
    local level, tenant = byte(record, 23), tenant_of(record)
    local list = q .. ':ready:' .. level .. ':' .. tenant
    local lane = front and string.find(front, ':[tl]') and list .. ' ' .. (type_of(record) or '')
    if lane and redis.call('EXISTS', lane) == 1 then
      redis.call('LPUSH', lane, id)
    elseif redis.call(push, list, id) == 1 then
      enter(level, tenant)
    end
  end
  return record
end
