-- share: how many more jobs of a tenant the holder wants. ARGV has from its eleventh on how many of one he wants at the most, 0 for
-- any number, and then how many of how many tenants he has, and these.
local most, has = tonumber(ARGV[11]), {}
for i = 13, 11 + 2 * ARGV[12], 2 do
  has[ARGV[i]] = tonumber(ARGV[i + 1])
end

local function wanted(tenant)
  return most > 0 and math.max(0, most - (has[tenant] or 0)) or math.huge
end

local function given(tenant, n)
  if most > 0 then
    has[tenant] = (has[tenant] or 0) + n
  end
end
