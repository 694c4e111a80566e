-- drop: lets go of a whole generation.
local function drop(gen)
  redis.call('UNLINK', q .. ':done:' .. gen, q .. ':history:' .. gen, q .. ':history:' .. gen .. ':new', q .. ':erased:' .. gen)
end

-- window: the generation into which jobs that end now are filed. A generation takes jobs in for as long as they are
-- to be remembered, and is kept for as long again; then it is dropped whole.
local function generation(span)
  local meta = redis.call('HMGET', q, 'gen', 'gen_at')
  local gen, since = tonumber(meta[1] or 0), tonumber(meta[2])
  if since and now < since + span then
    return gen
  end
  if since then
    drop(gen - 1)
    if now >= since + 2 * span then
      drop(gen)
    end
    gen = gen + 1
  end
  redis.call('HSET', q, 'gen', gen, 'gen_at', now)
  return gen
end
