-- share: how many jobs of one tenant the holder wants at the most, 0 for any number, and how many he has already. ARGV has the first from its
-- eleventh on, then of how many tenants he tells, and for each how many he has.
local most, has = tonumber(ARGV[11]), {}
for i = 13, 11 + 2 * ARGV[12], 2 do
  has[ARGV[i]] = tonumber(ARGV[i + 1])
end
