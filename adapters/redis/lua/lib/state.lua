-- state: what parts of a script tell each other.
local stirred = false -- whether somebody waits for a type, or stands back, who did not: there is reason to look once more
local typed -- whether job types have limits, or jobs stand in lanes; nil where that is not known
local lined = false -- whether a job was made ready
local next_look = 0 -- when the queue wants the next look (ms), 0 for never
local newer_ids, corrupt_ids = {}, {} -- what was put aside
local SUSPECT = 2 -- a job that has crashed so often is a suspect
