-- sooner: notes when the queue wants the next look.
local function sooner(at)
  if next_look == 0 or at < next_look then
    next_look = at
  end
end
