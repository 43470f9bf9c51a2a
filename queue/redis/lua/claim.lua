#!lua flags=allow-oom
-- claim MODULE MAX MAX_BYTES: waiting jobs are handed to this node, in their order.

local MOST = 500 -- 5 ms or so
local module, max, max_bytes = ARGV[3], math.min(ARGV[4], MOST), tonumber(ARGV[5])
local waiting, handed = 'w' .. module, 'h' .. module
local known = look(waiting, handed, 'p', 'p' .. module, 'n' .. epoch)
if not known['n' .. epoch] then
    return {LOST}
end

local done = held_by_call()
if #done > 0 or max < 1 or known.p or known['p' .. module] then
    return {OK, known[waiting] and 0 or 1, rows(done, true)}
end

local taken, scored, bytes = {}, {}, 0
local function take(seq, job)
    job[2], job[3], job[9] = 'h', tostring((job[3] or 0) + 1), epoch
    call('HSET', prefix .. 'job:' .. seq, 's', 'h', 'a', job[3], 'h', epoch, 't', token)
    taken[#taken + 1] = job
    scored[#scored + 1] = held_score(#taken)
    scored[#scored + 1] = seq
end

-- The first job in any case, and more while there is room. One that Redis has evicted leaves the line.
local numbers = {}
for _, seq in ipairs(call('ZRANGE', prefix .. 'wait:' .. module, 0, max - 1)) do
    local job = row(seq, true)
    bytes = bytes + (job and job[14] or 0)
    if #taken > 0 and bytes > max_bytes then
        break
    end
    numbers[#numbers + 1] = seq
    if job then
        take(seq, job)
    end
end
if #numbers > 0 then
    call('ZREM', prefix .. 'wait:' .. module, unpack(numbers))
    call('ZREM', prefix .. 'expire', unpack(numbers))
    apply(known, {[waiting] = -#numbers, [handed] = #taken})
    note_waiting(known, module)
end
if #taken > 0 then
    call('ZADD', prefix .. 'held:' .. epoch, unpack(scored))
end
return {OK, (known[waiting] or 0) == 0 and 1 or 0, taken}
