#!lua flags=allow-oom
-- ended (SEQ HELD IS_DONE OVER OUTCOME RESULT ATTEMPT FAILURES LOSSES REASON) ...: outcomes of jobs. Of a held job, only
-- its living holder's counts.

local INPUT_MAX = 1024 -- a greater input of a done job goes at once, others with the job
local ARGUMENTS = 10   -- of each job
local STATE, HOLDER, TOKEN, MODULE, OWNER, FOLLOWERS, WISH, INPUT, EXPIRES = 1, 2, 3, 4, 5, 6, 7, 8, 9
local me = 'n' .. epoch
local jobs, fields = {}, {me, 'W'}
for at = 3, #ARGV, ARGUMENTS do
    local seq = number_of(ARGV[at])
    local job = call('HMGET', prefix .. 'job:' .. seq, 's', 'h', 't', 'M', 'O', 'F', 'n', 'i', 'x')
    job.seq, job.at, job.held = seq, at, ARGV[at + 1] == '1'
    jobs[#jobs + 1] = job
    if job[STATE] then
        fields[#fields + 1] = job[STATE] .. job[MODULE]
        fields[#fields + 1] = 'e' .. job[MODULE]
        fields[#fields + 1] = 'o' .. job[OWNER]
    end
end
local known = look(unpack(fields))

local function refusal(job)
    local state = job[STATE]
    if state == 'e' and job[TOKEN] == token then
        return OK -- a repeat
    elseif not job.held then
        return not state and UNKNOWN or state ~= 'w' and state ~= 'd' and MOVED
    elseif not known[me] or state and (state ~= 'h' or job[HOLDER] ~= epoch) then
        call('HINCRBY', prefix .. 'totals', 'refused', 1)
        return LOST
    end
    return not state and OK -- an earlier try of this call has ended it, and it was forgotten since
end

-- What of the job's own keys its end changes.
local function write(job)
    local seq, at = job.seq, job.at
    local is_done, outcome, result = ARGV[at + 2] == '1', ARGV[at + 4], ARGV[at + 5]
    call('HSET', prefix .. 'job:' .. seq, 's', 'e', 'a', ARGV[at + 6], 'f', ARGV[at + 7], 'l', ARGV[at + 8],
        't', token, 'y', #outcome, 'r', #result)
    call('SET', prefix .. 'out:' .. seq, outcome .. result)
    if not is_done then
        call('HSET', prefix .. 'job:' .. seq, 'q', 1)
    elseif tonumber(job[INPUT]) > INPUT_MAX then
        local input = prefix .. 'in:' .. seq
        call('SET', input, text_of(input, tonumber(job[WISH])))
    end
end

local statuses, changes, ends, unheld, overs = {}, {}, {}, {}, {}
local function change(field, by)
    changes[field] = (changes[field] or 0) + by
end
for i, job in ipairs(jobs) do
    local status = refusal(job)
    statuses[i] = status or OK
    if not status then
        write(job)
        ends[#ends + 1] = job
        overs[#overs + 1] = ARGV[job.at + 3]
        overs[#overs + 1] = job.seq
        unheld[#unheld + 1] = job.held and job.seq or nil
        change(job[STATE] .. job[MODULE], -1)
        change('e' .. job[MODULE], 1)
        change('o' .. job[OWNER], -1)
    end
end
if #ends == 0 then
    return {OK, statuses}
end

apply(known, changes)
call('ZADD', prefix .. 'over', unpack(overs))
if #unheld > 0 then
    call('ZREM', prefix .. 'held:' .. epoch, unpack(unheld))
end
for _, job in ipairs(ends) do
    local seq, at = job.seq, job.at
    if not job.held then
        unplace(known, seq, job[STATE], job[MODULE], job[EXPIRES])
    end
    if job[FOLLOWERS] then
        call('HDEL', prefix .. 'job:' .. seq, 'F')
        tell(job[FOLLOWERS], WANTS_ANY, 'changed\n' .. seq)
    end
    if known.W then
        watch(known, ARGV[at + 2] == '1' and 'done' or 'failed', seq, ARGV[at + 6], job[MODULE], ARGV[at + 9])
    end
end
return {OK, statuses}
