#!lua flags=no-writes
-- list BEHIND UNTIL MAX MODULE OWNER STATES LOOKED_MAX: jobs by their numbers. Looks at LOOK_MAX of them at most.

local FOUND_MAX = 500 -- 2 ms or so
local behind, last, max = number_of(ARGV[3]), ARGV[4], math.min(ARGV[5], FOUND_MAX)
local module, owner, states, looked_max = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local LOOK_MAX = 2000 -- 2 ms or so
local look = math.min(looked_max, LOOK_MAX)

-- Of handed jobs, of which there are few, all numbers behind `behind`.
local function handed()
    local numbers = {}
    for _, node in ipairs(members()) do
        for _, seq in ipairs(call('ZRANGE', prefix .. 'held:' .. node, 0, -1)) do
            if seq > behind and (last == '' or seq <= number_of(last)) then
                numbers[#numbers + 1] = seq
            end
        end
    end
    table.sort(numbers)
    return numbers
end

local function next_numbers()
    if states == 'h' then
        return handed()
    end
    return call('ZRANGEBYLEX', prefix .. 'all', '(' .. behind, last == '' and '+' or '[' .. number_of(last),
        'LIMIT', 0, look)
end

local function is_wanted(seq)
    local job = call('HMGET', prefix .. 'job:' .. seq, 's', 'M', 'O')
    return job[1] and (states == '' or states:find(job[1], 1, true)) and (module == '' or job[2] == module) and
        (owner == '' or job[3] == owner)
end

local numbers, found, at = next_numbers(), {}, behind
local is_whole = #numbers < look or states == 'h'
for i = 1, math.min(#numbers, look) do
    at = numbers[i]
    if is_wanted(at) then
        found[#found + 1] = at
    end
    if #found >= max or i == look then
        is_whole = is_whole and i == #numbers
        break
    end
end
return {OK, is_whole and 1 or 0, at, rows(found)}
