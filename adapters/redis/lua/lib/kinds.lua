-- kinds: notes in the queue's own fields what sorts of limits there are, so that what is not there costs nothing. Gives that of the whole.
local function note_kinds()
  local key, some = q .. ':limits', {}
  local whole = redis.call('HGET', key, '=  ')
  for _, field in ipairs(redis.call('HKEYS', key)) do -- a tenant's name has no space in it
    local kind = string.find(field, '[:=] [^ ]') and 'typed' or string.find(field, ' .') and 'whole' or 'limited'
    some[kind] = kind == 'whole' and whole or '1'
  end
  if not some.typed and redis.call('EXISTS', q .. ':lanes') == 1 then
    some.typed = '0' -- until there are no jobs in lanes any more
  end
  for _, kind in ipairs({'whole', 'typed', 'limited'}) do
    if some[kind] then
      redis.call('HSET', q, kind, some[kind])
    else
      redis.call('HDEL', q, kind)
    end
  end
  return whole
end
