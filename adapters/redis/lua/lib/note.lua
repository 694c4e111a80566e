-- note: keeps the ID of a lease that ends for `free`, if there is anything to give back, and gives whether there is. The value of a lease says what it
-- took of limits: p, one of its tenant's places; t, one of its type's; q, one of the queue's.
local function note(placed, id, value)
  if string.find(value, ':[ptq]') then
    placed[#placed + 1], placed[id] = id, value
    return true
  end
end
