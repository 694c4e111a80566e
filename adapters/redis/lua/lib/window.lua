-- window: the generation into which jobs that end now are filed. A generation takes jobs in for as long as they are
-- to be remembered, and is kept for as long again; then it is dropped whole.
local function generation(span)
  local meta = redis.call('HMGET', q, 'gen', 'gen_at')
  local gen, since = tonumber(meta[1] or 0), tonumber(meta[2])
  if since and now < since + span then
    return gen
  end
  if since then
    redis.call('UNLINK', q .. ':done:' .. (gen - 1), q .. ':history:' .. (gen - 1))
    if now >= since + 2 * span then
      redis.call('UNLINK', q .. ':done:' .. gen, q .. ':history:' .. gen)
    end
    gen = gen + 1
  end
  redis.call('HSET', q, 'gen', gen, 'gen_at', now)
  return gen
end
