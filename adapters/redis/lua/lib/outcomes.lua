-- outcomes: stores what became of up to 100 jobs of one holder. ARGV has from some place on groups of those in a row that were leased at
-- once and came to the same end: rev with a colon, what (d dropped, k kept, r retrying, p pending, f failed, c cancelled), instant (ms:
-- until when it is kept for k, f and c, else when it is due), length of each run (ms), the IDs in one string, how many records, and
-- these: one for each, or none if all are empty. For d a record is what is kept in its place, as trace_of has it. Gives the
-- numbers (from 1) of those refused.
local function all_ids(from)
  local ids, at = {}, from
  while at <= #ARGV do
    split(ARGV[at + 4], ids)
    at = at + 6 + ARGV[at + 5]
  end
  return ids
end

local function outcomes(holder, span, from)
  local leases, ids, gen = q .. ':leases:' .. holder, all_ids(from), generation(span)
  local held = redis.call('HMGET', leases, unpack(ids))
  local refused, freed, placed, gone, done, history = {}, {}, {}, {}, {}, {}
  local run_time, woken, n, m, i, at = 0, 0, 0, 0, 0, from
  while at <= #ARGV do
    local rev, what, instant, run, count, sure = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 5]), nil
    local completed, before = what == 'd' or what == 'k', i
    for _ = 1, #ARGV[at + 4] / 16 do
      i = i + 1
      local id, value, record = ids[i], held[i], count > 0 and ARGV[at + 5 + i - before] or ''
      if value and not freed[id] and (value == sure or string.find(value, rev, 1, true) == 1) then
        n = n + 1
        freed[n], freed[id] = id, true
        if value ~= sure and not note(placed, id, value) then
          sure = value
        end
        if completed then
          m = m + 1
          gone[m], done[2 * m - 1], done[2 * m] = id, id, record
          run_time = run_time + run
          if what == 'k' then
            history[#history + 1] = id .. struct.pack('>I6', instant)
          end
        else
          woken = woken + unlike().settle(id, what, tonumber(instant), record, value)
        end
      elseif not unlike().stored(id, record, gen) then
        refused[#refused + 1] = i
      end
    end
    at = at + 6 + count
  end
  if n > 0 and redis.call('HLEN', leases) == n then -- all that he has, as mostly: that is let go of more quickly
    redis.call('UNLINK', leases)
    redis.call('ZREM', q .. ':holders', holder)
  elseif n > 0 then
    redis.call('HDEL', leases, unpack(freed))
  end
  if #placed > 0 then
    woken = woken + unlike().free(placed)
  end
  if m > 0 then
    complete(gone, done, history, run_time, gen)
  end
  if woken > 0 then
    unlike().wake(woken)
  end
  return refused
end
