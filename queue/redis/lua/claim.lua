#!lua flags=allow-oom
-- claim MODULE MAX MAX_BYTES: waiting jobs are handed to this node, in their order.

local module, max, max_bytes = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local waiting = prefix .. 'wait:' .. module
if not is_living() then
    return {LOST}
end

local function answer(numbers)
    return {OK, call('EXISTS', waiting) == 0 and 1 or 0, rows(numbers, true)}
end

local done = held_by_call()
if #done > 0 then
    return answer(done)
end
if max < 1 or is_paused(module) then
    return answer({})
end

local taken, bytes = {}, 0
for _, seq in ipairs(call('ZRANGE', waiting, 0, max - 1)) do
    bytes = bytes + call('HGET', prefix .. 'job:' .. seq, 'i')
    if #taken > 0 and bytes > max_bytes then
        break
    end
    taken[#taken + 1] = seq
end
for _, seq in ipairs(taken) do
    local key = prefix .. 'job:' .. seq
    unplace(seq, 'w', module)
    hold(seq, module)
    call('HINCRBY', key, 'a', 1)
    call('HSET', key, 's', 'h', 'h', epoch, 't', token)
end
return answer(taken)
