#!lua flags=allow-oom
-- ripen MAX: delayed jobs that are due wait from now on.

local MOST = 500 -- 5 ms or so
local numbers = call('ZRANGEBYSCORE', prefix .. 'due', '-inf', clock(), 'LIMIT', 0, math.min(ARGV[3], MOST))
for _, seq in ipairs(numbers) do
    local key = prefix .. 'job:' .. seq
    local job = call('HMGET', key, 'M', 'p')
    local module = job[1]
    call('ZREM', prefix .. 'due', seq)
    if module then -- or Redis has evicted the job
        local known = look('d' .. module, 'w' .. module)
        call('HSET', key, 's', 'w', 'u', 0)
        apply(known, {['d' .. module] = -1, ['w' .. module] = 1})
        place(known, seq, 'w', module, job[2], '0', '0') -- its limit of waiting runs already
    end
end
return {OK, #numbers, first('due')}
