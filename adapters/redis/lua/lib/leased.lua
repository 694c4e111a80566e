-- leased: who holds a job.
local function leased(id)
  for _, holder in ipairs(redis.call('ZRANGE', q .. ':holders', 0, -1)) do
    if redis.call('HEXISTS', q .. ':leases:' .. holder, id) == 1 then
      return holder
    end
  end
  return false
end
