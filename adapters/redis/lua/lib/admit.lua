-- admit: adds to the jobs picked those that may be leased. An entry of a job that is not ready is dropped.
local function admit(entries, ids, records)
  local starting, dropped, found = {}, {}, redis.call('HMGET', q .. ':jobs', unpack(entries))
  local aside = typed and bounds.types.sort_out(entries, found) or {}
  local function starts(subject, id, takes, has_no_place)
    local l = met[subject]
    if l and not l.free then
      starting[l] = starting[l] or {subject = subject}
      table.insert(starting[l], id)
      placed[id] = (placed[id] or '') .. (l.places > 0 and takes or has_no_place)
    elseif from_lane[id] then
      placed[id] = (placed[id] or '') .. has_no_place
    end
  end
  local n = #ids
  for i = 1, #entries do
    local id, record = entries[i], found[i]
    local version, flags = byte(record or '', 1, 2) -- what readable and flagged would ask for each of them
    if aside[id] then
      -- sideline_all sees to it
    elseif not (version == VERSION and #record >= 24 and flags == 0 or rarely().passes(id, record)) then
      dropped[#dropped + 1] = id
    else
      n = n + 1
      ids[n], records[n] = id, record
      if limited then
        starts(tenant_of(record), id, ':p', '')
      end
      if typed then
        starts(' ' .. (type_of(record) or ''), id, ':t', ':l')
      end
    end
  end
  if typed then
    bounds.types.sideline_all(entries, found, aside)
  end
  for _, id in ipairs(dropped) do
    bounds.settle_up(id)
  end
  for l, some in pairs(starting) do
    bounds.start(some.subject, l, some)
  end
end
