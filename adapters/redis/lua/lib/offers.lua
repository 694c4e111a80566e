-- offers: is there where the holder has made an offer, or makes one; see `offer`. The one that he made is taken back.
local offers, left = ARGV[10] ~= '' and (function()
--# use offer
return {take_back = take_back, make = make_offer}
end)(), 0
if offers then
  left, max = offers.take_back(max)
end
