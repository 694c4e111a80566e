-- lanes: takes the jobs of a tenant's turn from its line and its lanes in rotation.

local function lanes_of(level, tenants)
  local at = {}
  for i = 1, #tenants do
    at[i] = level .. ':' .. tenants[i]
  end
  return redis.call('HMGET', q .. ':lanes', unpack(at))
end

-- returns: lets the lanes of a tenant that stood back want their types again.
local function returns(at, names, text, weight)
  for _, name in ipairs(sub(text, -1) ~= ' ' and names or {}) do
    if name ~= '' then
      want(at, name, weight)
    end
  end
end

-- rotate: stores the lanes that are left, those first that come after the one that was the last. Gives whether there are jobs in any, and
-- whether one may start.
local function rotate(at, names, last, touched)
  local left, there, open = {}, redis.call('EXISTS', q .. ':ready:' .. at) == 1, false
  open = there
  for i = 1, #names do
    local name = names[(last + i - 1) % #names + 1]
    if name ~= '' and touched[name] and redis.call('EXISTS', q .. ':ready:' .. at .. ' ' .. name) == 0 then
      want_no_more(at, name)
    else
      left[#left + 1] = name
      if name ~= '' then
        there, open = true, open or may_take(name, at) > 0
      end
    end
  end
  keep_lanes(at, left, '')
  return there, open
end

-- from_lanes: takes up to n jobs. Lanes whose types have no limit any more go before the line, in which all came later.
local function from_lanes(at, text, n, weight, out)
  local names, got, last, dry, touched = names_of(text), 0, 0, {}, {}
  returns(at, names, text, weight)
  meet_types(names)
  local stuck
  repeat
    stuck = true
    for i, name in ipairs(names) do
      local may = math.min(math.ceil((n - got) / (#names - i + 1)), may_take(name, at))
      if may > 0 and not dry[name] and not (name == '' and drains(names, dry)) then
        local some = pop(q .. ':ready:' .. at .. (name ~= '' and ' ' .. name or ''), may, out)
        for k = #out - some + 1, #out do
          from_lane[out[k]] = name ~= '' or nil
        end
        got, last, touched[name], dry[name] = got + some, i, true, some < may
        took(name, at, some, weight)
        stuck = false
      end
    end
  until got == n or stuck
  local there, open = rotate(at, names, last, touched)
  return got, there, open and got == n
end
