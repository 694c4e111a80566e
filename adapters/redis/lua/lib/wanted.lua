-- wanted: how many more jobs of a tenant the holder wants.
local function wanted(tenant)
  return most > 0 and math.max(0, most - (has[tenant] or 0)) or math.huge
end

local function given(tenant, n)
  if most > 0 then
    has[tenant] = (has[tenant] or 0) + n
  end
end
