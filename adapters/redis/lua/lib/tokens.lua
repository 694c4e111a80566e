-- tokens: a token for each of those who wait, who are in waiting with their scores.
for i = 1, #waiting, 2 do
  local list = q .. ':wake:' .. waiting[i]
  redis.call('RPUSH', list, 'w')
  redis.call('PEXPIRE', list, '60000')
end
