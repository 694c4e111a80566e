-- unlike: what only those outcomes take that are not of jobs that completed, or that give something of a limit back. What a script defines is made
-- anew by each call.
local others

local function unlike()
  others = others or (function()
--# use turn line waiting free settle
return {settle = settle, stored = stored, free = free, wake = wake}
end)()
  return others
end
