-- again: the jobs that an earlier call with this request's number gave, or an offer of it, as the answer to it. The offer ends.
local function again(leases, holder, request)
  local offer = holder .. ' ' .. request .. ' '
  if sub(redis.call('HGET', q, 'offer') or '', 1, #offer) == offer then
    redis.call('HDEL', q, 'offer')
  end
  local ids, rev, suspect = {}, 0, 0
  local held = redis.call('HGETALL', leases)
  for i = 1, #held, 2 do
    local r, by, rest = string.match(held[i + 1], '^(%d+):%d+:(%d+)(.*)$')
    if by == request then
      rev = r
      if string.find(rest, ':s', 1, true) then
        suspect = 1
        table.insert(ids, 1, held[i])
      else
        ids[#ids + 1] = held[i]
      end
    end
  end
  if #ids > 0 then
    local till = redis.call('ZSCORE', q .. ':holders', holder)
    return {now, now, rev, till, suspect, table.concat(ids), redis.call('HMGET', q .. ':jobs', unpack(ids)), '', '', 0, 0, 0}
  end
end
