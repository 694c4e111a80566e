-- due: sees to what time has done: jobs that have become due, and leases that ran out. Of fetches that follow each other closely not each
-- does, while all of them find enough.
local LOOK = 5 -- ms
local looked = false

local function look_after()
  looked = true
  promote({'scheduled', 'retrying'})
  take_up(holder, tonumber(ARGV[8]))
end

local function look_after_since(last)
  if now < last or now >= last + LOOK then
    look_after()
  end
end
