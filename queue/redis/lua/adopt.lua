#!lua flags=allow-oom
-- adopt MAX: jobs of dead nodes are held by this one from now on.

local MOST = 500 -- 5 ms or so
local max = math.min(ARGV[3], MOST)
if not is_living() then
    return {LOST}
end
local done = held_by_call()
if #done > 0 then
    return {OK, rows(done)}
end

-- Nodes whose lease is over are dead from now on. Not after an outage: this call may be made again before any tick.
local now = clock()
if not is_calm(now) and not is_outage(now, call('HGET', prefix .. 'node:' .. epoch, 'lease') or 0) then
    for _, node in ipairs(call('ZRANGEBYSCORE', prefix .. 'nodes', '-inf', now)) do
        if node ~= epoch then
            bury(node)
        end
    end
end

local taken = {}
for _, node in ipairs(call('SMEMBERS', prefix .. 'dead')) do
    local held = prefix .. 'held:' .. node
    for _, seq in ipairs(max > #taken and call('ZRANGE', held, 0, max - #taken - 1) or {}) do
        call('ZREM', held, seq)
        taken[#taken + 1] = seq
        call('ZADD', prefix .. 'held:' .. epoch, held_score(#taken), seq)
        call('HSET', prefix .. 'job:' .. seq, 'h', epoch, 't', token)
    end
    bury(node)
end
if #taken > 0 then
    call('HINCRBY', prefix .. 'totals', 'taken_over', #taken)
end
return {OK, rows(taken)}
