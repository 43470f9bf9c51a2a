#!lua flags=allow-oom
-- ripen MAX: delayed jobs that are due wait from now on.

local numbers = call('ZRANGEBYSCORE', prefix .. 'due', '-inf', clock(), 'LIMIT', 0, ARGV[3])
for _, seq in ipairs(numbers) do
    local key = prefix .. 'job:' .. seq
    local job = call('HMGET', key, 'M', 'p')
    call('ZREM', prefix .. 'due', seq)
    count('d', job[1], -1)
    wait_add(seq, job[1], job[2])
    call('HSET', key, 's', 'w', 'u', 0)
end
return {OK, #numbers, first('due')}
