#!lua flags=allow-oom
-- sweep MAX: ended jobs whose outcome was kept for long enough are gone.

local MOST = 500 -- 2 ms or so
local numbers = call('ZRANGEBYSCORE', prefix .. 'over', '-inf', clock(), 'LIMIT', 0, math.min(ARGV[3], MOST))
remove(numbers)
return {OK, #numbers, first('over')}
