-- known: which of the IDs in a string are kept, or remembered of finished jobs in this generation and the last; by their places.
local function known(text, gen)
  local found, ids, places = {}, {}, {q .. ':jobs'}
  for k = 1, #text / 16 do
    ids[k] = sub(text, 16 * k - 15, 16 * k)
  end
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
