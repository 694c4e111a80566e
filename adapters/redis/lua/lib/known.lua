-- known: which of some IDs are kept, or remembered of finished jobs in this generation and the last; by their places.
local function known(ids, gen)
  local found = {}
  local places = {q .. ':jobs'}
  if gen then
    places = {places[1], q .. ':done:' .. gen, q .. ':done:' .. (gen - 1)}
  end
  for _, key in ipairs(places) do
    for i, there in ipairs(redis.call('HMGET', key, unpack(ids))) do
      found[i] = found[i] or there
    end
  end
  return found
end
