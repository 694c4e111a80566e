-- plain: the next ready jobs, the most urgent first, where nothing has limits. The tenants of one priority share what is wanted, nine jobs each or
-- fewer where there are enough of them, so that nobody's turn is cut short. There is no function here: what a script defines is made anew by each call, and this is what nearly each of them does.
local alone, dry, tries = ARGV[7] == '1' and suspect == 0 and redis.call('LPOP', q .. ':suspects'), false, 0
local full = {} -- by the key of a ring, of whom the holder has his share
if alone then
  local record = redis.call('HGET', q .. ':jobs', alone)
  if rarely().passes(alone, record) then
    table.insert(ids, 1, alone)
    table.insert(records, 1, record)
    suspect = 1
  end
end
while #ids < max and not dry and tries < 20 do
  local entries, ring, m = {}, q .. ':ring:', 0
  while m + #ids < max do
    local want = max - m - #ids
    local next = redis.call('LMPOP', '5', ring .. '0', ring .. '1', ring .. '2', ring .. '3', ring .. '4', 'LEFT', 'COUNT', math.min(want, math.max(4, math.ceil(want / 9))))
    dry = not next
    if dry then
      break
    end
--# use serve
  end
  local found, n = m > 0 and redis.call('HMGET', q .. ':jobs', unpack(entries)), #ids
  for i = 1, m do
    local record = found[i]
    local version, flags = byte(record or '', 1, 2)
    if version == VERSION and #record >= 24 and flags == 0 or rarely().passes(entries[i], record) then
      n = n + 1
      ids[n], records[n] = entries[i], record
    end
  end
  tries = tries + 1
end
for ring, tenants in pairs(full) do
  redis.call('LPUSH', ring, unpack(tenants)) -- they keep their turns
  more = 1
end
if tries == 20 then -- nothing but entries that were dropped, for long: go on in another call
  rarely().sooner(now)
end
