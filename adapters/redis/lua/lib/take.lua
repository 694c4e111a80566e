-- take: takes ready jobs out of their lines, up to max, and whether the first is a suspect.
local ids, records, suspect = {}, {}, 0
if max > 0 and meta[1] ~= '1' and fill then
  local room = meta[4] and bounds.room(meta[4], max) or max
  if room > 0 then
    ids, records, suspect = fill(room, ARGV[7] == '1')
  end
  if meta[4] then
    bounds.started(ids)
  end
elseif max > 0 and meta[1] ~= '1' then
  repeat -- before it gives fewer it sees to what time has done
--# use plain
    lined = false
    if #ids < max and not looked then
      look_after()
    end
  until not lined
end
