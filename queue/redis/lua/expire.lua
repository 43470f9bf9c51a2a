#!lua flags=allow-oom
-- expire MAX: jobs that have waited for too long are held by this node, which ends them, or retries them.

local MOST = 200 -- 5 ms or so
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
local numbers = call('ZRANGEBYSCORE', prefix .. 'expire', '-inf', clock(), 'LIMIT', 0, math.min(ARGV[3], MOST))
for i, seq in ipairs(numbers) do
    local key = prefix .. 'job:' .. seq
    local job = call('HMGET', key, 's', 'M', 'x')
    local state, module = job[1], job[2]
    if state then
        local known = look(state .. module, 'h' .. module)
        apply(known, {[state .. module] = -1, ['h' .. module] = 1})
        unplace(known, seq, state, module, job[3])
        call('ZADD', prefix .. 'held:' .. epoch, held_score(i), seq)
        call('HSET', key, 's', 'h', 'h', epoch, 't', token)
    else
        call('ZREM', prefix .. 'expire', seq) -- Redis has evicted the job
    end
end
return answer(numbers)
