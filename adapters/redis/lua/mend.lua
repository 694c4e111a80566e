#!lua flags=allow-oom
-- mend: looks at keys that did not seem to be in order, each in one step, and puts those in order that are not.
--
-- KEYS[1] queue
-- ARGV skew, whether to mend ('1' or '0'), then up to 100 times: what it is about (type, line, turn, lane, lease, running, limits, old, rev),
--      the rest of the key's name, and for a type the one that it should have, for a rev the highest of a job
-- returns for each whether it is out of order
--# use clock record state turn lane leased wrong unfit noted
local mend, out = ARGV[2] == '1', {}

for i = 3, #ARGV, 3 do
  local is, repair = wrong[ARGV[i]](ARGV[i + 1], ARGV[i + 2])
  if is and mend then
    repair()
  end
  out[#out + 1] = is and 1 or 0
end
return out
