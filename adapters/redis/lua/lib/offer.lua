-- offer: a holder who had fewer jobs than he asked for may offer places for those that come. The queue's field `offer` has whose it is, the number that they
-- are to be leased under, for how many more it is, the rev of those leases, how long they last (ms), and when it ends. It is
-- one holder's at a time. ARGV[10] has the number of one that he made, and its places as far as he knows; and the number, places and
-- time (ms) of one to be made; 0 for none.
local past, known, fresh, places, lasts = string.match(ARGV[10], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
local whose, number, rest, _, _, ends = string.match(meta[7] or '', '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
local mine = whose == holder and number == past

-- take_back: ends his offer. Gives for how many jobs it still was, -1 if that is not known, and how many jobs of so many are wanted besides those
-- that he does not know of.
local function take_back(want)
  if past == '0' then
    return 0, want
  end
  return tonumber(mine and rest or -1), math.max(0, want - known + (mine and rest or 0))
end

-- make_offer: makes one of the places that are left after so many jobs, unless another's stands. Gives for how many it is.
local function make_offer(leased)
  local n = leased and places - leased or 0
  if fresh == '0' or n <= 0 or whose and not mine and tonumber(rest) > 0 and tonumber(ends) >= now then
    if mine then
      redis.call('HDEL', q, 'offer')
    end
    return 0
  end
  redis.call('HSET', q, 'offer', table.concat({holder, fresh, n, redis.call('HINCRBY', q, 'rev', '2'), ttl, string.format('%.0f', now + lasts)}, ' '))
  return n
end
