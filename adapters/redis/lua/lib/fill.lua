-- fill: the jobs for a lease of up to so many, and whether the first is a suspect. Before it gives fewer it sees to what time has done.
local function fill(room, with_suspect)
  local ids, records, suspect = pick(room, with_suspect)
  if #ids < room and not looked then
    lined = false
    look_after()
    local others, theirs, alone = {}, {}, 0
    if lined then
      others, theirs, alone = pick(room - #ids, with_suspect and suspect == 0)
    end
    for i = 1, #others do
      local at = i <= alone and i or #ids + 1
      table.insert(ids, at, others[i])
      table.insert(records, at, theirs[i])
    end
    suspect = math.max(suspect, alone)
  end
  return ids, records, suspect
end
