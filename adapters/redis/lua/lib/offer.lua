-- offer: a holder who had fewer jobs than he asked for may offer places for those that come. The queue's field `offer` has whose it is, the number that they
-- are to be leased under, for how many more it is, the rev of those leases, how long they last (ms), and when it ends. It is
-- one holder's at a time. One that a call could not use, as jobs were in line, its holder had not heard all, or it was over, is in the
-- field `shut`, and another may be made. ARGV[10] has the number of one that he made, and its places as far as he knows; and the number,
-- places and time (ms) of one to be made; 0 for none.
local past, known, fresh, places, lasts = string.match(ARGV[10], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
local own, offer, shut = holder .. ' ' .. past .. ' ', meta[7] or '', meta[8] or ''
local mine = sub(offer, 1, #own) == own and 'offer' or sub(shut, 1, #own) == own and 'shut'
local rest = mine and string.match(mine == 'shut' and shut or offer, '^(%d+)', #own + 1)

-- take_back: for how many jobs his offer still was, -1 if that is not known, and how many jobs of so many are wanted besides those
-- that he does not know of.
local function take_back(want)
  if past == '0' then
    return 0, want
  end
  return tonumber(rest or -1), math.max(0, want - known + (rest or 0))
end

-- make_offer: ends his offer, and makes one of the places that are left after so many jobs, and those that he does not know of, unless another's
-- stands. Gives for how many it is.
local function make_offer(leased)
  local n, left, ends = leased and places - leased - known + (rest or 0) or 0, string.match(mine ~= 'offer' and offer or '', '^%S+ %d+ (%d+) %d+ %d+ (%d+)$')
  local none = fresh == '0' or n <= 0 or left and tonumber(left) > 0 and tonumber(ends) >= now
  if mine and (none or mine == 'shut') then
    redis.call('HDEL', q, mine)
  end
  if none then
    return 0
  end
  redis.call('HSET', q, 'offer', table.concat({holder, fresh, n, redis.call('HINCRBY', q, 'rev', '2'), ttl, string.format('%.0f', now + lasts)}, ' '))
  return n
end
