-- purged: counts what is kept of a tenant; in a purge, also what it has removed since it began.
local function purged(tenant, kinds, removed)
  local n, out = {}, {}
  for _, kind in ipairs(kinds) do
    n[kind] = (n[kind] or 0) + 1
  end
  for kind, count in pairs(n) do
    out[#out + 1], out[#out + 2] = kind, count
    if removed then
      redis.call('HINCRBY', q .. ':purged:' .. tenant, kind, count)
    end
  end
  return out
end
