-- split: the IDs in a string, added to some.
local function split(text, ids)
  ids = ids or {}
  local n = #ids
  for k = 1, #text, 16 do
    n = n + 1
    ids[n] = sub(text, k, k + 15)
  end
  return ids
end
