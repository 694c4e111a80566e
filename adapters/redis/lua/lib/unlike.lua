-- unlike: what only those outcomes take that are not of jobs that completed, or that give something of a limit back. What a script defines is made
-- anew by each call.
local others

local function unlike()
  others = others or (function()
--# use read turn line waiting note free window settle
return {settle = settle, stored = stored, note = note, free = free, wake = wake, generation = generation}
end)()
  return others
end
