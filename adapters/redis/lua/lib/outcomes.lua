-- outcomes: stores what became of up to 100 jobs of one holder. ARGV has from some place on groups of those in a row that were leased at
-- once and came to the same end: rev with a colon, what (d dropped, k kept, r retrying, p pending, f failed, c cancelled), instant (ms:
-- until when it is kept for k, f and c, else when it is due), length of each run (ms), the IDs in one string, how many records, and
-- these: one for each, or none if all are empty. For d a record is what is kept in its place, as trace_of has it. The generation of finished
-- jobs is in last, and since when in began. The numbers (from 1) of those refused are then in refused, and in unheld whether the holder has no lease
-- left: who leases none in the same call lets him go from the holders. There is but one function here, as each call makes them anew.
--# use unlike
local refused, freed, ids, at = {}, {}, {}, from
while at <= #ARGV do
  local n, text = #ids, ARGV[at + 4]
  for k = 1, #text / 16 do
    ids[n + k] = sub(text, 16 * k - 15, 16 * k)
  end
  at = at + 6 + ARGV[at + 5]
end
local gen = began and now < began + span and tonumber(last) or unlike().generation(span)
local held = redis.call('HMGET', leases, unpack(ids))
local given, gone, done, history, run_time, woken, n, m, i = {}, {}, {}, {}, 0, 0, 0, 0, 0
at = from
while at <= #ARGV do
  local rev, what, instant, run, count, sure = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 5]), nil
  local completed, before = what == 'd' or what == 'k', i
  for _ = 1, #ARGV[at + 4] / 16 do
    i = i + 1
    local id, value, record = ids[i], held[i], count > 0 and ARGV[at + 5 + i - before] or ''
    if value and not freed[id] and (value == sure or string.find(value, rev, 1, true) == 1) then
      n = n + 1
      freed[n], freed[id] = id, true
      if value ~= sure and (byte(value, -1) <= 57 or not unlike().note(given, id, value)) then -- it ends with a digit: there is nothing to note
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
--# use complete
