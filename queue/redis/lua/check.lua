#!lua flags=no-writes
-- check CURSOR MAX: a part of a look at the whole store, for faults. The parts: the sums, jobs by their numbers, and
-- all keys in Redis's order.

local cursor, max = ARGV[3], tonumber(ARGV[4])
local FAULTS_MAX = 100
local faults = {}

local function fault(...)
    if #faults < FAULTS_MAX then
        faults[#faults + 1] = string.format(...)
    end
end

-- --- sums: sets are as large as the counts say ---

local function count_of(sums, kind)
    return sums[kind] or 0
end

local function check_sum(what, found, counted)
    if found ~= counted then
        fault('%s: %d, but the counts say %d', what, found, counted)
    end
end

local function check_waiting(sums, state)
    local waiting = 0
    for i = 1, #state, 2 do
        local kind, module = state[i]:sub(1, 1), state[i]:sub(2)
        if kind == 'w' then
            local found = call('ZCARD', prefix .. 'wait:' .. module)
            check_sum('waiting jobs of module ' .. module, found, tonumber(state[i + 1]))
            waiting = waiting + found
            if call('SISMEMBER', prefix .. 'mods', module) == 0 then
                fault('module %s has waiting jobs, and is not among those that have', module)
            end
        end
    end
    return waiting
end

local function check_held()
    local held = 0
    for _, node in ipairs(members()) do
        held = held + call('ZCARD', prefix .. 'held:' .. node)
    end
    return held
end

local function check_sums()
    local state, sums = call('HGETALL', prefix .. 'state'), {}
    for i = 1, #state, 2 do
        local kind = state[i]:sub(1, 1)
        sums[kind] = count_of(sums, kind) + state[i + 1]
    end
    local all, over = call('ZCARD', prefix .. 'all'), call('ZCARD', prefix .. 'over')
    local due = call('ZCARD', prefix .. 'due')
    local waiting, held = check_waiting(sums, state), check_held()
    check_sum('delayed jobs', due, count_of(sums, 'd'))
    check_sum('handed jobs', held, count_of(sums, 'h'))
    check_sum('ended jobs', over, count_of(sums, 'e'))
    check_sum('jobs of all owners', all - over, count_of(sums, 'o'))
    check_sum('members', call('ZCARD', prefix .. 'nodes'), count_of(sums, 'n'))
    if waiting + due + held + over ~= all then
        fault('%d jobs wait, %d are delayed, %d handed, %d ended: and all are %d', waiting, due, held, over, all)
    end
end

-- --- jobs ---

local PLACES = {w = 'wait:', d = 'due', h = 'held:', e = 'over'}
local NAMES = {w = 'waiting', d = 'delayed', h = 'handed', e = 'ended'}

-- The set in which a job is to be.
local function place_of(job)
    local state, holder, module = job[1], job[2], job[3]
    return PLACES[state] .. (state == 'w' and module or state == 'h' and holder or '')
end

local function check_texts(seq, name, job)
    local is_done = job[1] == 'e' and not job[9]
    local input = call('STRLEN', prefix .. 'in:' .. seq)
    if input ~= job[5] + job[6] and not (is_done and input == tonumber(job[5])) then
        fault('job %s: its input has %d bytes, expected %d', name, input, job[5] + job[6])
    end
    local outcome = call('STRLEN', prefix .. 'out:' .. seq)
    if job[1] == 'e' and outcome ~= (job[7] or 0) + (job[8] or 0) then
        fault('job %s: its outcome has %d bytes, expected %d', name, outcome, (job[7] or 0) + (job[8] or 0))
    end
end

local function check_key(seq, name, hash, has_failed)
    local holder = hash and not has_failed and call('GET', prefix .. 'key:' .. hash)
    if hash and not has_failed and holder ~= seq then
        fault('job %s: its key leads to %s', name, holder and 'job q' .. holder:gsub('^0+', '') or 'no job')
    end
end

local function check_job(seq)
    local name = 'q' .. seq:gsub('^0+', '')
    local job = call('HMGET', prefix .. 'job:' .. seq, 's', 'h', 'M', 'p', 'n', 'i', 'y', 'r', 'q', 'x', 'k')
    if not PLACES[job[1] or ''] or not job[3] or not job[5] or not job[6] then
        fault('job %s: it is in the list of all jobs, and nothing of it is there', name)
        return
    end
    if not call('ZSCORE', prefix .. place_of(job), seq) then
        fault('job %s: it is %s, and not among those', name, NAMES[job[1]])
    end
    local waits = job[1] == 'w' or job[1] == 'd'
    if waits and (job[10] or '0') ~= '0' and not call('ZSCORE', prefix .. 'expire', seq) then
        fault('job %s: its limit of waiting is not noted', name)
    end
    check_texts(seq, name, job)
    check_key(seq, name, job[11], job[9])
end

local function check_jobs(behind)
    local numbers = call('ZRANGEBYLEX', prefix .. 'all', behind == '' and '-' or '(' .. behind, '+', 'LIMIT', 0, max)
    for _, seq in ipairs(numbers) do
        check_job(seq)
    end
    return numbers
end

-- --- keys: none is left of what has gone ---

local function check_one_key(name)
    local kind, rest = name:match('^(%a+):(.*)$')
    if (kind == 'job' or kind == 'in' or kind == 'out') and not call('ZSCORE', prefix .. 'all', rest) then
        fault('key %s%s: there is no such job', prefix, name)
    elseif kind == 'key' and not call('ZSCORE', prefix .. 'all', call('GET', prefix .. name)) then
        fault('key %s%s: it leads to no job', prefix, name)
    elseif (kind == 'held' or kind == 'news' or kind == 'node') and not call('ZSCORE', prefix .. 'nodes', rest) and
        call('SISMEMBER', prefix .. 'dead', rest) == 0 then
        fault('key %s%s: there is no such node', prefix, name)
    end
end

local function check_keys(at)
    local pattern = prefix:gsub('[%[%]*?\\^]', '\\%0') .. '*'
    local reply = call('SCAN', at, 'MATCH', pattern, 'COUNT', max)
    for _, key in ipairs(reply[2]) do
        check_one_key(key:sub(#prefix + 1))
    end
    return reply[1]
end

-- --- the cursor: of jobs `j` and the last number, of keys `k` and Redis's own cursor ---

if cursor == '' then
    check_sums()
    return {OK, 'j', 0, faults}
elseif cursor:sub(1, 1) == 'j' then
    local numbers = check_jobs(cursor:sub(2))
    return {OK, #numbers < max and 'k0' or 'j' .. numbers[#numbers], #numbers, faults}
end
local following = check_keys(cursor:sub(2))
return {OK, following == '0' and '' or 'k' .. following, 0, faults}
