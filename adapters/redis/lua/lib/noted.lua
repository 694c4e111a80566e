-- noted: what the queue's own fields say of its limits.

-- limits: how many have limits is not what is noted; then these would cost something, or would not be looked at, which is worse.
function wrong.limits(name)
  local n, is = {limited = 0, typed = 0}, false
  for _, field in ipairs(redis.call('HKEYS', q .. name)) do
    if string.sub(field, 1, 1) == '=' then
      local kind = string.find(field, '^= .') and 'typed' or 'limited'
      n[kind] = n[kind] + 1
    end
  end
  for kind, there in pairs(n) do
    is = is or tonumber(redis.call('HGET', q, kind) or 0) ~= there
  end
  return is, function()
    for kind, there in pairs(n) do
      redis.call('HSET', q, kind, there)
      if there == 0 and (kind == 'limited' or redis.call('EXISTS', q .. ':lanes') == 0) then
        redis.call('HDEL', q, kind)
      end
    end
  end
end
