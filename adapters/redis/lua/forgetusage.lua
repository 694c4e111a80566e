#!lua flags=allow-oom
-- forgetusage: forgets what a tenant had of a queue.
--
-- KEYS[1] queue
-- ARGV skew, the length of a step (ms), how many are kept besides the one under way, tenant
--# use clock usage
forget_usage(ARGV[4], tonumber(ARGV[2]), tonumber(ARGV[3]))
