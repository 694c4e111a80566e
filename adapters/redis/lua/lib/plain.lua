-- plain: the next ready jobs, the most urgent first, where nothing has limits. The tenants of one priority share what is wanted, so that nobody's
-- turn is cut short. There is no function here: what a script defines is made anew by each call, and this is what nearly each of them does.
local alone, dry, tries = ARGV[7] == '1' and suspect == 0 and redis.call('LPOP', q .. ':suspects'), false, 0
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
    local next = redis.call('LMPOP', '5', ring .. '0', ring .. '1', ring .. '2', ring .. '3', ring .. '4', 'LEFT', 'COUNT', math.min(want, 4 + math.floor(want / 16)))
    dry = not next
    if dry then
      break
    end
    local ready, tenants = q .. ':ready:' .. sub(next[1], -1) .. ':', next[2]
    local part, rest, lines, back = math.floor(want / #tenants), want % #tenants, {}, {}
    for i = 1, #tenants do
      local line, n = ready .. tenants[i], part + (i <= rest and 1 or 0)
      local some = redis.call('LPOP', line, n) or {}
      for k = 1, #some do
        entries[m + k] = some[k]
      end
      m = m + #some
      if #some == n then
        lines[#lines + 1], back[#back + 1] = line, tenants[i]
      end
    end
    if #lines > 0 and redis.call('EXISTS', unpack(lines)) < #lines then -- mostly all have more
      back = {}
      for i = 1, #lines do
        if redis.call('EXISTS', lines[i]) == 1 then
          back[#back + 1] = sub(lines[i], #ready + 1)
        end
      end
    end
    if #back > 0 then
      redis.call('RPUSH', next[1], unpack(back))
    end
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
if tries == 20 then -- nothing but entries that were dropped, for long: go on in another call
  rarely().sooner(now)
end
