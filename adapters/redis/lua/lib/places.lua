-- places: where a job is, and how it is taken from there. A job that is in order is in one place: a lease, the line of
-- suspects, one of the sorted sets, or the ready list of its tenant; or, if its record is marked so, in a ready
-- list besides.
local sets = {'scheduled', 'retrying', 'failed', 'cancelled'}

local function in_list(list, id)
  return redis.call('LPOS', list, id) ~= false
end

-- places: the names of the places that have the job, in the order in which they count. The lists are those in which its
-- entry was seen, or would stand.
local function places(id, lists)
  local found, holder = {}, leased(id)
  if holder then
    found[1] = 'leases:' .. holder
  end
  if in_list(q .. ':suspects', id) then
    found[#found + 1] = 'suspects'
  end
  for _, set in ipairs(sets) do
    if redis.call('ZSCORE', q .. ':' .. set, id) then
      found[#found + 1] = set
    end
  end
  for list in pairs(lists) do
    if in_list(q .. ':' .. list, id) then
      found[#found + 1] = list
    end
  end
  return found
end

local function take_from(place, id)
  local key = q .. ':' .. place
  if string.find(place, 'leases:', 1, true) == 1 then
    redis.call('HDEL', key, id)
  elseif string.find(place, 'ready:', 1, true) == 1 or place == 'suspects' then
    redis.call('LREM', key, 1, id)
  else
    redis.call('ZREM', key, id)
  end
end
