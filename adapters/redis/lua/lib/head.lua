-- head: the head of a job's record, the only part of it that scripts read, but for the type that comes next.
--
--   1 version   2 flags   3 crashes   4 status   5-10 rev   11-16 created   17-22 run at
--   23 level   24 length of the tenant's name   25- the name, then the type (see type_of), and then what only the client reads
--
-- Flags: 1, an entry of the job stands in a ready list though the job is not ready. 2, somebody wants
-- it cancelled.
local byte, sub, char = string.byte, string.sub, string.char
local VERSION, PENDING, LINED, CANCELLING = 1, 0, 1, 2
