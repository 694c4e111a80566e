#!lua flags=allow-oom
-- verify: looks at jobs that did not seem to be in order, each in one step, and puts those in order that are not.
--
-- KEYS[1] queue
-- ARGV skew, whether to mend ('1' or '0'), after how many bytes of records to stop, then up to 100 times: id, the ready list in which an entry was seen or ''
-- returns for each, up to where it stopped: what is wrong, or ''; the places that have it
--# use clock record state turn line waiting window settle leased idle places
local mend, bytes, out, final = ARGV[2] == '1', 0, {}, {[4] = 'failed', [5] = 'cancelled'}

-- put: files a job that is nowhere: as its status says, ready if it is not over.
local function put(id, record)
  local set = final[byte(record, 4)]
  if set then
    redis.call('ZADD', q .. ':' .. set, now + 2592000000, id)
  elseif byte(record, 4) == 3 then
    redis.call('HDEL', q .. ':jobs', id)
    redis.call('HSET', q .. ':done:' .. generation(3600000), id, record)
  else
    redis.call('HSET', q .. ':jobs', id, line(id, with_flags(record, 0), false))
    wake(1)
  end
end

for i = 4, #ARGV, 2 do
  if bytes >= tonumber(ARGV[3]) then
    break
  end
  local id, list, wrong = ARGV[i], ARGV[i + 1], ''
  local record = redis.call('HGET', q .. ':jobs', id)
  bytes = bytes + #(record or '')
  local lists = list ~= '' and {[list] = true} or {}
  if readable(record) then
    local own = 'ready:' .. byte(record, 23) .. ':' .. tenant_of(record)
    lists[own], lists[own .. ' ' .. (type_of(record) or '')] = true, true
  end
  local at = places(id, lists)
  local lined = readable(record) and flagged(record, LINED)
  local in_line = #at > 0 and string.find(at[#at], 'ready:', 1, true) == 1
  if not record then
    wrong = #at > 0 and 'there is no record of it' or ''
  elseif #at == 0 then
    wrong = 'it is in no place'
  elseif lined and not in_line then
    wrong = 'it is marked as standing in line, and does not'
  elseif #at > (lined and 2 or 1) then
    wrong = 'it is in several places'
  elseif in_line and #redis.call('LPOS', q .. ':' .. at[#at], id, 'COUNT', 2) > 1 then
    wrong = 'it stands in line twice'
  end
  if mend and wrong == 'it stands in line twice' then
    redis.call('LREM', q .. ':' .. at[#at], -1, id)
  elseif mend and wrong ~= '' then
    for n = record and 2 or 1, #at do
      take_from(at[n], id)
    end
    if lined then
      redis.call('HSET', q .. ':jobs', id, with_flags(record, byte(record, 2) - LINED))
    end
    if record and #at == 0 and readable(record) then
      put(id, record)
    end
  end
  out[#out + 1], out[#out + 2] = wrong, table.concat(at, ' ')
end
return out
