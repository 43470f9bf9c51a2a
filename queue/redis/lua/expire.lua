#!lua flags=allow-oom
-- expire MAX: jobs that have waited for too long are held by this node, which ends them, or retries them.

local max = tonumber(ARGV[3])
if not is_living() then
    return {LOST}
end

local function answer(numbers)
    local next_time = first('expire')
    return {OK, (next_time == 0 or next_time > clock()) and 1 or 0, rows(numbers)}
end

local done = held_by_call()
if #done > 0 then
    return answer(done)
end
local numbers = call('ZRANGEBYSCORE', prefix .. 'expire', '-inf', clock(), 'LIMIT', 0, max)
for _, seq in ipairs(numbers) do
    local key = prefix .. 'job:' .. seq
    local job = call('HMGET', key, 's', 'M')
    unplace(seq, job[1], job[2])
    hold(seq, job[2])
    call('HSET', key, 's', 'h', 'h', epoch, 't', token)
end
return answer(numbers)
